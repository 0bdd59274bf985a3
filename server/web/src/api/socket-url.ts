/** The WebSocket address of the server that served `pageUrl`. */
export function socketUrl(pageUrl: string): string {
  const url = new URL('/api/v4/websocket', pageUrl);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
