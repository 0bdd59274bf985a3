/** A QR code that came as a PNG in base 64. It stays in this page: addresses end up in logs. */
export function QrPicture({ png, label }: { png: string; label: string }) {
  if (!/^[A-Za-z0-9+/]+=*$/.test(png)) return null;
  return <img class="qr" src={`data:image/png;base64,${png}`} alt={label} width="200" height="200" />;
}
