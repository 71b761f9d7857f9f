import type { Context } from "hono";
import type { AgentGrant } from "../../core/pool/state.ts";
import type { Moment } from "../../core/time.ts";
import type { Role } from "../../platform/tokens.ts";
import type { CreateClients } from "../clients.ts";

/** What every route has at hand. */
export interface Http {
  readonly Bindings: Env;
  readonly Variables: {
    requestId: string;
    /** Set on routes for people. */
    role: Role;
    /** How commands and answers name who gave them. */
    by: string;
    /** How people showed who they are. */
    via: "token" | "cookie" | "access";
    /** When the login ends; absent for those that came with a token. */
    until: Moment | undefined;
    /** Set on routes for agents. */
    grant: AgentGrant;
    createClients: CreateClients;
  };
}

export type HttpContext = Context<Http>;
