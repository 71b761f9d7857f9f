/** The terminal that sessions write to, in characters. A recording's header and every snapshot name it. */
export const terminalSize = { cols: 100, rows: 30 } as const;
