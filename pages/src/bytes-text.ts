/** `900 bytes`, `12 KiB`, `3.4 MiB`: coarse on purpose. */
export function renderBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} bytes`;
  const kibibytes = bytes / 1_024;
  return kibibytes < 1_024 ? `${Math.round(kibibytes)} KiB` : `${(kibibytes / 1_024).toFixed(1)} MiB`;
}
