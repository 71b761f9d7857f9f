/** The error types GitHub's GraphQL answers with, beside its HTTP statuses. */
export type RefusalType =
  | "NOT_FOUND"
  | "FORBIDDEN"
  | "UNPROCESSABLE"
  | "INSUFFICIENT_SCOPES"
  | "RATE_LIMITED"
  | "MISSING_PAGINATION_BOUNDARIES"
  | "EXCESSIVE_PAGINATION"
  | "MAX_NODE_LIMIT_EXCEEDED";

/** One entry of `errors` in a REST answer. */
export interface FieldError {
  resource?: string;
  field?: string;
  code?: string;
  message?: string;
}

/** Thrown where GitHub would say no; REST answers with its status, GraphQL with its type. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 422 | 429;
  readonly type: RefusalType;
  readonly errors: FieldError[] | undefined;
  /** `X-Accepted-GitHub-Permissions`: what an App or fine-grained token would have needed. */
  accepted?: string;

  constructor(status: Refusal["status"], type: RefusalType, message: string, errors?: FieldError[]) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.type = type;
    this.errors = errors;
  }
}

export function notFound(message = "Not Found"): Refusal {
  return new Refusal(404, "NOT_FOUND", message);
}

export function forbidden(message: string, accepted?: string): Refusal {
  const refusal = new Refusal(403, "FORBIDDEN", message);
  if (accepted !== undefined) refusal.accepted = accepted;
  return refusal;
}

/** 422 with GitHub's "Validation Failed"; GraphQL shows the first error's message instead. */
export function invalid(...errors: FieldError[]): Refusal {
  return new Refusal(422, "UNPROCESSABLE", "Validation Failed", errors);
}

export function unprocessable(message: string): Refusal {
  return new Refusal(422, "UNPROCESSABLE", message);
}
