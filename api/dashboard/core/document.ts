/** A GraphQL document with the types of what it gives and what it takes. Nothing but its text is there at run time. */
export type Document<Data, Variables> = string & { readonly types?: (variables: Variables) => Data };

export function document<Data, Variables>(text: string): Document<Data, Variables> {
  return text;
}
