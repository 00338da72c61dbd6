// The kinds of answer a route may declare. The kind decides status and envelope; respond.ts writes them.
import type { z } from "zod";
import type { Pagination } from "./pagination.ts";

export interface ObjectAnswer<S extends z.ZodType = z.ZodType> {
  kind: "object";
  status: 200 | 201 | 202;
  schema: S;
}
export interface ListAnswer<S extends z.ZodType = z.ZodType> {
  kind: "list";
  status: 200;
  schema: S;
}
export interface EmptyAnswer {
  kind: "empty";
  status: 204;
}
export interface RawAnswer {
  kind: "raw";
  status: 200;
  contentType: string;
  description: string;
}
/** The body is exactly what the use case returns: for clients whose shapes are not ours. */
export interface VerbatimAnswer<S extends z.ZodType = z.ZodType> {
  kind: "verbatim";
  status: 200 | 201 | 202;
  schema: S;
}
export type Answer = ObjectAnswer | ListAnswer | EmptyAnswer | RawAnswer | VerbatimAnswer;

/** 200 with one object: { success, data }. */
export const object = <S extends z.ZodType>(schema: S): ObjectAnswer<S> => ({
  kind: "object",
  status: 200,
  schema,
});
/** 201 with the object that was made. */
export const created = <S extends z.ZodType>(schema: S): ObjectAnswer<S> => ({
  kind: "object",
  status: 201,
  schema,
});
/** 202 with an object that says where the work can be followed. */
export const accepted = <S extends z.ZodType>(schema: S): ObjectAnswer<S> => ({
  kind: "object",
  status: 202,
  schema,
});
/** 200 with a list of such items: { success, data, pagination }. */
export const list = <S extends z.ZodType>(item: S): ListAnswer<S> => ({
  kind: "list",
  status: 200,
  schema: item,
});
/** 204 with nothing. */
export const empty = (): EmptyAnswer => ({ kind: "empty", status: 204 });
/** A Response that the use case makes itself, for other formats than JSON: TwiML, CSV. */
export const raw = (contentType: string, description: string): RawAnswer => ({
  kind: "raw",
  status: 200,
  contentType,
  description,
});

/** JSON without an envelope: the body is the use case's result. */
export const verbatim = <S extends z.ZodType>(
  schema: S,
  status: 200 | 201 | 202 = 200,
): VerbatimAnswer<S> => ({
  kind: "verbatim",
  status,
  schema,
});

/** What the use case of a list returns: the page's rows and its place in the list. */
export interface ListResult<T> {
  data: T[];
  pagination: Pagination;
}

/** What the use case must return for an answer of this kind. */
export type ResultOf<A extends Answer> =
  A extends ListAnswer<infer S>
    ? ListResult<z.output<S>>
    : A extends ObjectAnswer<infer S> | VerbatimAnswer<infer S>
      ? z.output<S>
      : A extends RawAnswer
        ? Response
        : // biome-ignore lint/suspicious/noConfusingVoidType: use cases that answer nothing are Promise<void>.
          void;
