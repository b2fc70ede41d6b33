// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** A length of time that ends now. */
export type RangePreset =
  /** 2 hours. */
  | 'TWO_HOURS'
  /** 24 hours. */
  | 'DAY'
  /** 7 days. */
  | 'WEEK'
  /** 30 days. */
  | 'MONTH'
  /** 90 days. */
  | 'QUARTER';

/** From one instant to another. */
export type Between = {
  /** Included. */
  from: string;
  /** Excluded. Later than `from`. */
  to: string;
};

/** A range of instants: exactly one of the two. */
export type TimeRange =
  {   /** The time up to now. */
  last: RangePreset; between?: never; }
  |  { last?: never;   /** From the first instant (included) to the second (excluded). */
  between: Between; };

/** Exactly one per journey. A stronger one is never replaced by a weaker one, in whatever order the events arrive. */
export type JourneyOutcome =
  /** A goal of the tenant's own was reached that outranks what else happened; `goal` says which. Strongest. */
  | 'GOAL_REACHED'
  /** A form was completed. */
  | 'FORM_COMPLETED'
  /** A call to action was clicked. */
  | 'CTA_CLICKED'
  /** A link was clicked. */
  | 'LINK_CLICKED'
  /** A form was begun or a message sent, none of the above happened, and 30 minutes passed without an event. */
  | 'ABANDONED'
  /** None of the above. Weakest. */
  | 'BROWSING';

/** What a step must be: all that is given must hold, and something must be given. */
export type StepMatchInput = {
  /** The event's type, such as PAGE_VIEWED. */
  type?: string | null | undefined;
  /** A pattern of the path of its page, in which up to four `*` stand for any text: `/docs/*`. Without `?`. */
  page?: string | null | undefined;
  /** The `goalId` of a goal that the event reaches; properties are asked for so. */
  goal?: string | null | undefined;
};

/** What breaks numbers down: the first value of a property that the journey's events have. */
export type BreakdownDimension =
  /** `referrer`: the page of another site that led here, as sojourn.js sends it. */
  | 'REFERRER'
  /** `device`: phone, tablet or desktop. */
  | 'DEVICE'
  /** `utm_source` of the first address. */
  | 'UTM_SOURCE'
  /** `utm_medium`. */
  | 'UTM_MEDIUM'
  /** `utm_campaign`. */
  | 'UTM_CAMPAIGN'
  /** `utm_term`. */
  | 'UTM_TERM'
  /** `utm_content`. */
  | 'UTM_CONTENT'
  /** The property that is named. */
  | 'PROPERTY';

/** How to break a funnel down. */
export type BreakdownInput = {
  /** By what. */
  by: BreakdownDimension;
  /** With PROPERTY: its name. */
  property?: string | null | undefined;
  /** So many values are told one by one, 1 to 50; the others together. */
  top?: number;
};

/** What may lie between two steps. */
export type FunnelOrder =
  /** Anything. */
  | 'IN_ORDER'
  /** Nothing but repeats of the step before. */
  | 'STRICT';

/** A funnel. */
export type FunnelInput = {
  /** 2 to 20, in their order. */
  steps: Array<StepMatchInput>;
  /** What may lie between two steps. */
  order?: FunnelOrder;
  /** The most that may pass from the first step to any other, 90 days at most; any time where absent. */
  within?: number | null | undefined;
  /** Counts each value of something by itself, too. */
  breakdown?: BreakdownInput | null | undefined;
};

/** What a path goes through. */
export type PathsBy =
  /** The paths of pages; events without a page are passed over. */
  | 'PAGE'
  /** Types of events. */
  | 'TYPE';

/** Which paths: all from their beginning, or those from or to a step. */
export type JourneyPathsInput = {
  /** What a path goes through. */
  by?: PathsBy;
  /** Paths begin where this step was first made. Not with `to`. */
  from?: StepMatchInput | null | undefined;
  /** Paths lead to where this step was first made, told backward from it. */
  to?: StepMatchInput | null | undefined;
  /** How many steps away from there, 1 to 20. */
  steps?: number;
  /** Takes pages together by their first parts, 1 to 10: with 1, `/docs/api/keys` is `/docs/…`. */
  folderDepth?: number | null | undefined;
  /** So many names at each step are told one by one, 1 to 50; the others together. */
  top?: number;
};

export type FlowJourneyFragment = { sessionId: string, startedAt: string, outcome: JourneyOutcome, firstQuestion: string | null, eventCount: number, goal: { goalId: string } | null };

export type FlowPageFragment = { nodes: Array<{ sessionId: string, startedAt: string, outcome: JourneyOutcome, firstQuestion: string | null, eventCount: number, goal: { goalId: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } };

export type StepNumbersFragment = { number: number, type: string | null, page: string | null, goal: string | null, journeyCount: number, share: number | null, shareOfPrevious: number | null, dropOffCount: number, medianTime: number | null, p95Time: number | null };

export type FunnelNumbersQueryVariables = Exact<{
  range: TimeRange;
  input: FunnelInput;
}>;


export type FunnelNumbersQuery = { funnel: { readJourneys: number, complete: boolean, steps: Array<{ number: number, type: string | null, page: string | null, goal: string | null, journeyCount: number, share: number | null, shareOfPrevious: number | null, dropOffCount: number, medianTime: number | null, p95Time: number | null }>, groups: Array<{ value: string | null, isOther: boolean, steps: Array<{ number: number, type: string | null, page: string | null, goal: string | null, journeyCount: number, share: number | null, shareOfPrevious: number | null, dropOffCount: number, medianTime: number | null, p95Time: number | null }> }> } };

export type FunnelOpenedQueryVariables = Exact<{
  range: TimeRange;
  input: FunnelInput;
  number: number;
  first: number;
  after?: string | null | undefined;
}>;


export type FunnelOpenedQuery = { funnel: { steps: Array<{ journeys: { nodes: Array<{ sessionId: string, startedAt: string, outcome: JourneyOutcome, firstQuestion: string | null, eventCount: number, goal: { goalId: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } }> } };

export type DropOffsOpenedQueryVariables = Exact<{
  range: TimeRange;
  input: FunnelInput;
  number: number;
  first: number;
  after?: string | null | undefined;
}>;


export type DropOffsOpenedQuery = { funnel: { steps: Array<{ dropOffs: { nodes: Array<{ sessionId: string, startedAt: string, outcome: JourneyOutcome, firstQuestion: string | null, eventCount: number, goal: { goalId: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } }> } };

export type PathNumbersQueryVariables = Exact<{
  range: TimeRange;
  input: JourneyPathsInput;
}>;


export type PathNumbersQuery = { journeyPaths: { readJourneys: number, complete: boolean, journeyCount: number, steps: Array<{ number: number, nodes: Array<{ name: string | null, journeyCount: number, endCount: number }>, links: Array<{ from: string | null, to: string | null, journeyCount: number, averageTime: number }> }> } };

export type PathOpenedQueryVariables = Exact<{
  range: TimeRange;
  input: JourneyPathsInput;
  number: number;
  name?: string | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type PathOpenedQuery = { journeyPaths: { steps: Array<{ nodes: Array<{ journeys: { nodes: Array<{ sessionId: string, startedAt: string, outcome: JourneyOutcome, firstQuestion: string | null, eventCount: number, goal: { goalId: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } }> }> } };

export type ActiveNowSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type ActiveNowSubscription = { activeVisitors: { cursor: string, visitorCount: number, complete: boolean, pages: Array<{ page: string | null, visitorCount: number }>, visitors: Array<{ sessionId: string, page: string | null, lastSeenAt: string, eventCount: number }> } };

export const FunnelNumbers = document<FunnelNumbersQuery, FunnelNumbersQueryVariables>(
  "query FunnelNumbers($range: TimeRange!, $input: FunnelInput!) { funnel(range: $range, input: $input) { readJourneys complete steps { ...StepNumbers } groups { value isOther steps { ...StepNumbers } } } } fragment StepNumbers on FunnelStep { number type page goal journeyCount share shareOfPrevious dropOffCount medianTime p95Time }",
);

export const FunnelOpened = document<FunnelOpenedQuery, FunnelOpenedQueryVariables>(
  "query FunnelOpened($range: TimeRange!, $input: FunnelInput!, $number: Int!, $first: Int!, $after: String) { funnel(range: $range, input: $input) { steps(number: $number) { journeys(first: $first, after: $after) { ...FlowPage } } } } fragment FlowPage on JourneyConnection { nodes { ...FlowJourney } pageInfo { hasNextPage endCursor } } fragment FlowJourney on Journey { sessionId startedAt outcome goal { goalId } firstQuestion eventCount }",
);

export const DropOffsOpened = document<DropOffsOpenedQuery, DropOffsOpenedQueryVariables>(
  "query DropOffsOpened($range: TimeRange!, $input: FunnelInput!, $number: Int!, $first: Int!, $after: String) { funnel(range: $range, input: $input) { steps(number: $number) { dropOffs(first: $first, after: $after) { ...FlowPage } } } } fragment FlowPage on JourneyConnection { nodes { ...FlowJourney } pageInfo { hasNextPage endCursor } } fragment FlowJourney on Journey { sessionId startedAt outcome goal { goalId } firstQuestion eventCount }",
);

export const PathNumbers = document<PathNumbersQuery, PathNumbersQueryVariables>(
  "query PathNumbers($range: TimeRange!, $input: JourneyPathsInput!) { journeyPaths(range: $range, input: $input) { readJourneys complete journeyCount steps { number nodes { name journeyCount endCount } links { from to journeyCount averageTime } } } }",
);

export const PathOpened = document<PathOpenedQuery, PathOpenedQueryVariables>(
  "query PathOpened($range: TimeRange!, $input: JourneyPathsInput!, $number: Int!, $name: String, $first: Int!, $after: String) { journeyPaths(range: $range, input: $input) { steps(number: $number) { nodes(name: $name) { journeys(first: $first, after: $after) { ...FlowPage } } } } } fragment FlowPage on JourneyConnection { nodes { ...FlowJourney } pageInfo { hasNextPage endCursor } } fragment FlowJourney on Journey { sessionId startedAt outcome goal { goalId } firstQuestion eventCount }",
);

export const ActiveNow = document<ActiveNowSubscription, ActiveNowSubscriptionVariables>(
  "subscription ActiveNow($after: String) { activeVisitors(after: $after) { cursor visitorCount complete pages { page visitorCount } visitors { sessionId page lastSeenAt eventCount } } }",
);
