/** Where a runner says what it does: one JSON line each. Never a token, a prompt or an answer's text. */
export type Log = (level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, string | number | boolean>>) => void;

export const logToStderr: Log = (level, message, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, msg: message, ...fields })}\n`);
};
