import { describe, expect, test } from "vitest";
import { stagesFrom } from "../../infra/stages.ts";
import { type Loose, type StageStack, synthStage } from "../kit/synth-stage.ts";
import { SWITCHES } from "../kit/synth.ts";

/** Where containers lie: in public subnets of a network of ours, in private ones, or in a network that is there. */
const own = synthStage(SWITCHES.container);
const closed = synthStage(SWITCHES.private);
const given = synthStage(SWITCHES.vpc);
const serviceOf = (stack: StageStack) => stack.one("aws_ecs_service")["network_configuration"] as Loose;

describe("containers", () => {
  test("have addresses of their own, and no gateway that is paid for, where nothing else is said", () => {
    expect(serviceOf(own)["assign_public_ip"]).toBe(true);
    expect(own.all("aws_nat_gateway")).toEqual({});
  });

  test("in private subnets have none, and go out by a gateway in each zone", () => {
    expect(serviceOf(closed)["assign_public_ip"]).toBe(false);
    for (const subnet of serviceOf(closed)["subnets"]) expect(subnet).toMatch(/subnet-private-[ab]\.id/);
    expect(Object.keys(closed.all("aws_nat_gateway"))).toEqual(["nat-a", "nat-b"]);
    for (const [id, { subnet_id: subnet }] of Object.entries(closed.all("aws_nat_gateway"))) {
      expect(subnet).toBe(`\${aws_subnet.subnet-public-${id.at(-1)}.id}`);
    }
    const out = Object.values(closed.all("aws_route")).filter(({ nat_gateway_id: gateway }) => gateway);
    expect(out).toHaveLength(2);
    expect(closed.one("aws_lb")["subnets"][0]).toMatch(/subnet-public/);
  });

  test("reach S3 and DynamoDB from private subnets without the gateways", () => {
    const endpoints = Object.values(closed.all("aws_vpc_endpoint"));
    expect(endpoints).toHaveLength(2);
    for (const endpoint of endpoints) {
      expect(endpoint["route_table_ids"]).toEqual([
        "${aws_route_table.routes-public.id}",
        "${aws_route_table.routes-private-a.id}",
        "${aws_route_table.routes-private-b.id}",
      ]);
    }
  });

  test("lie in the network that is there, which is not touched beyond two groups and a cache", () => {
    for (const type of ["aws_vpc", "aws_subnet", "aws_internet_gateway", "aws_nat_gateway", "aws_vpc_endpoint"]) {
      expect([type, given.all(type)]).toEqual([type, {}]);
    }
    expect(serviceOf(given)).toMatchObject({
      assign_public_ip: false,
      subnets: ["subnet-1a1b2c3d", "subnet-5e5f6a7b"],
    });
    expect(given.one("aws_lb")["subnets"]).toEqual(["subnet-0a1b2c3d", "subnet-4e5f6a7b"]);
    expect(given.one("aws_lb_target_group")["vpc_id"]).toBe("vpc-0123456789abcdef0");
    expect(given.one("aws_elasticache_serverless_cache")["subnet_ids"]).toEqual(["subnet-1a1b2c3d", "subnet-5e5f6a7b"]);
    for (const group of Object.values(given.all("aws_security_group"))) {
      expect(group["vpc_id"]).toBe("vpc-0123456789abcdef0");
    }
  });
});

test.each([
  ["one subnet", { PRIVATE_SUBNETS: "subnet-0a1b2c3d" }, /PRIVATE_SUBNETS.*two zones at least/],
  ["the same twice", { PUBLIC_SUBNETS: "subnet-0a1b2c3d,subnet-0a1b2c3d" }, /PUBLIC_SUBNETS/],
  ["no subnets", { PUBLIC_SUBNETS: "" }, /PUBLIC_SUBNETS/],
  ["what is no VPC", { VPC_ID: "my-vpc" }, /VPC_ID=my-vpc: must be the id of a VPC/],
  ["subnets of no network", { VPC_ID: "" }, /PUBLIC_SUBNETS.*set VPC_ID/],
  ["functions", { SOJOURN_RUN: "functions", SOJOURN_CACHE: "off" }, /VPC_ID.*functions lie in no network/],
  [
    "both kinds of private",
    { SOJOURN_PRIVATE: "on" },
    /SOJOURN_PRIVATE=on: is for a network of the installation's own/,
  ],
])("%s: refused in words", (_, change, message) => {
  expect(() => stagesFrom({ ...SWITCHES.vpc, ...change })).toThrow(message);
});
