/**
 * The metrics that AWS publishes, as far as we look at them, each with the sets of dimensions under which it does: an alarm or a
 * graph of any other set never sees anything. Of each service's page "CloudWatch metrics and dimensions" in AWS's documentation.
 */
const lambda = ["FunctionName"];
/** "Metrics of event source mappings" are by the mapping's own id, and not by the function's name. */
const mapping = ["EventSourceMappingUUID"];
const table = ["TableName"];
const index = ["TableName", "GlobalSecondaryIndexName"];
const queue = ["QueueName"];
const api = ["ApiId"];
const balancer = ["LoadBalancer"];
const targets = ["TargetGroup", "LoadBalancer"];
const service = ["ClusterName", "ServiceName"];

export const AWS_METRICS: Readonly<Record<string, Readonly<Record<string, readonly (readonly string[])[]>>>> = {
  "AWS/Lambda": {
    Errors: [lambda],
    Throttles: [lambda],
    Invocations: [lambda],
    Duration: [lambda],
    IteratorAge: [lambda, mapping],
    PolledEventCount: [mapping],
  },
  "AWS/DynamoDB": {
    ConditionalCheckFailedRequests: [table],
    ConsumedReadCapacityUnits: [table, index],
    ConsumedWriteCapacityUnits: [table, index],
    ReadThrottleEvents: [table, index],
    WriteThrottleEvents: [table, index],
    SystemErrors: [["TableName", "Operation"]],
  },
  "AWS/SQS": {
    ApproximateAgeOfOldestMessage: [queue],
    ApproximateNumberOfMessagesVisible: [queue],
    NumberOfMessagesDeleted: [queue],
    NumberOfMessagesSent: [queue],
  },
  "AWS/ApiGateway": {
    // Of HTTP APIs; those of REST APIs are by name, and called otherwise.
    "4xx": [api],
    "5xx": [api],
    "5XXError": [["ApiName"]],
    Count: [api],
    Latency: [api],
    // Of WebSocket APIs.
    ExecutionError: [api],
    IntegrationError: [api],
  },
  "AWS/ApplicationELB": {
    HTTPCode_ELB_5XX_Count: [balancer],
    HTTPCode_Target_4XX_Count: [balancer, targets],
    HTTPCode_Target_5XX_Count: [balancer, targets],
    RequestCount: [balancer, targets],
    TargetResponseTime: [balancer, targets],
    HealthyHostCount: [targets],
    UnHealthyHostCount: [targets],
  },
  "AWS/ECS": { CPUUtilization: [service], MemoryUtilization: [service] },
  "AWS/Usage": { ResourceCount: [["Class", "Resource", "Service", "Type"]] },
  "AWS/Billing": { EstimatedCharges: [["Currency", "ServiceName"]] },
};
/** The operations of DynamoDB, as the dimension `Operation` has them. */
export const DYNAMODB_OPERATIONS =
  ("BatchGetItem BatchWriteItem DeleteItem GetItem PutItem Query Scan TransactGetItems " +
    "TransactWriteItems UpdateItem").split(" ");
