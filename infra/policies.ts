import {
  Annotations,
  Aspects,
  DefaultTokenResolver,
  StringConcat,
  TerraformResource,
  type TerraformStack,
  Tokenization,
} from "cdktf";
import { type Resource, RULES } from "./rules.ts";
import type { Stage } from "./stages.ts";

/** Adds the rules that every stack keeps (`rules.ts`). The synth fails where one is broken, and names the resource. */
export function addPolicies(stack: TerraformStack, stage: Stage): void {
  Aspects.of(stack).add({
    visit(node) {
      if (node !== stack) return;
      const constructs = stack.node.findAll().filter((node) => TerraformResource.isTerraformResource(node));
      const all = constructs.map((construct) => toResource(stack, construct));
      const byId = new Map(constructs.map((construct, i) => [all[i]!.id, construct]));
      for (const { id, message } of RULES.flatMap((rule) => rule(all, stage))) {
        Annotations.of(byId.get(id)!).addError(message);
      }
    },
  });
}

function toResource(stack: TerraformStack, construct: TerraformResource): Resource {
  const resolver = new DefaultTokenResolver(new StringConcat());
  const { resource } = Tokenization.resolve(construct.toTerraform(), { scope: stack, resolver, preparing: false });
  const { terraformResourceType: type, friendlyUniqueId } = construct;
  return { id: `${type}.${friendlyUniqueId}`, type, attributes: resource[type][friendlyUniqueId] };
}
