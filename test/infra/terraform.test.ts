import { afterAll, expect, test } from "vitest";
import { createSynthKit, SWITCHES } from "../kit/synth.ts";
import { hasTerraform, terraform, terraformEnv, WITHOUT_TERRAFORM } from "../kit/terraform.ts";

const kit = createSynthKit();
afterAll(kit.remove);

/** Terraform is the same under both runtimes: once is enough. The plans are `npm run proof:plan`. */
const onNode = hasTerraform && !("Deno" in globalThis);

test.skipIf(!onNode)(
  `Terraform finds the whole stack valid${hasTerraform ? "" : ` (${WITHOUT_TERRAFORM})`}`,
  async () => {
    const env = await terraformEnv(kit.dir);
    const cwd = kit.write(SWITCHES.both);
    await terraform(["init", "-input=false", "-no-color"], { cwd, env });
    expect((await terraform(["validate", "-no-color"], { cwd, env })).output).toContain("is valid");
  },
);
