import * as z from "zod";
import { isSubscriptionLogin, subscriptionAdvice, valueFault, variableFault } from "./agent-variables.ts";

const says = (fault: string | undefined, context: z.core.ParsePayload, path: PropertyKey[]): void => {
  // The input is not put into the issue: it may be a secret.
  if (fault !== undefined) context.issues.push({ code: "custom", message: fault, input: undefined, path });
};

export const credentialName = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,63})$/, "1 to 64 characters of a-z 0-9 -");

const variables = z.record(z.string(), z.string()).check((context) => {
  const names = Object.keys(context.value);
  if (names.length === 0) says("at least one variable is needed", context, []);
  if (names.length > 50) says("at most 50 variables", context, []);
  for (const [name, value] of Object.entries(context.value)) says(variableFault(name) ?? valueFault(value), context, [name]);
});

const refresh = z
  .strictObject({
    tokenUrl: z.url().max(2_000),
    clientId: z.string().min(1).max(500),
    refreshToken: z.string().min(1).max(16_384),
    variable: z.string(),
  })
  .check((context) => {
    if (isSubscriptionLogin(context.value.refreshToken)) says(subscriptionAdvice, context, ["refreshToken"]);
  });

/**
 * A credential as it is pushed, checked: names of variables that would change the runner are refused, and so are subscription logins. Where tokens
 * may be renewed depends on the deployment and is judged by the Worker. Issues name what is wrong and never hold a value.
 */
export const credentialPush = z
  .strictObject({
    name: credentialName.default("agent"),
    variables,
    expiresAt: z.number().int().positive().nullable().default(null),
    refresh: refresh.nullable().default(null),
  })
  .check((context) => {
    const { variables: given, refresh: grant } = context.value;
    if (grant && !(grant.variable in given)) says("names none of the variables", context, ["refresh", "variable"]);
  });
