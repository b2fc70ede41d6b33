import process from "node:process";
import { App } from "cdktf";
import { bundleFunctions } from "./bundle.ts";
import { CODE_DIR, synthStack } from "./stack.ts";
import { StageError, stagesFrom } from "./stages.ts";

try {
  const stage = stagesFrom(process.env);
  // At each synth: what is deployed is what is in the sources.
  if (stage.runs.functions || stage.runs.container) await bundleFunctions(CODE_DIR);
  const app = new App();
  synthStack(app, stage);
  app.synth();
} catch (error) {
  if (!(error instanceof StageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
