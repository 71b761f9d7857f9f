/** Answered by the platform without waking anything; must match to the byte. Apart from the other frames, so that browsers need no validator for it. */
export const heartbeatRequest = '{"type":"heartbeat"}';
export const heartbeatResponse = '{"type":"heartbeat-ack"}';
