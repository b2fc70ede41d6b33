import { fc } from "../kit/property.ts";
import { expect, test } from "vitest";
import { itemKey } from "../../api/core/keys.ts";
import { TENANT_PATTERN } from "../../api/core/ids.ts";

const tenant = fc.stringMatching(TENANT_PATTERN);
/** Ids as an attacker would choose them: of what separates keys, and of other tenants' names. */
const id = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom("#", "t#0", "..", "../t2", "t/x", "%23", "a#META", "0#x"),
);

test("a tenant may be a domain, a Cognito id or an organization, and holds nothing that separates keys", () => {
  for (
    const good of [
      "acme.example.com",
      "eu-central-1:0f6b1a7c-1",
      "org_9ybsU1dN",
      "72f988bf-86f1-41af-91ab-2d7cd011db47",
    ]
  ) {
    expect(TENANT_PATTERN.test(good)).toBe(true);
  }
  for (const bad of ["", ".a", "..", "a#b", "a/b", "a b", "a%b", "a\n", "ä", "a".repeat(129), "a\\b"]) {
    expect(TENANT_PATTERN.test(bad)).toBe(false);
  }
});

test("no id of a tenant reaches another tenant's key, or another id's", () => {
  fc.assert(fc.property(tenant, id, tenant, id, (a, x, b, y) => {
    const [one, other] = [itemKey(a, x, "META"), itemKey(b, y, "META")];
    const isSame = one.pk === other.pk && one.sk === other.sk;
    expect(isSame).toBe(a === b && x === y);
    expect(one.pk.split("#")[0]).toBe(a);
    // What follows a tenant in the object store, in keys of one tenant, and in what processes tell each other.
    for (const sign of ["#", "/"]) expect(`${a}${sign}${x}`.startsWith(`${b}${sign}`)).toBe(a === b);
  }));
});
