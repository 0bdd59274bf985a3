import { useEffect, useRef } from 'preact/hooks';
import { displayName, users } from '../store/users';
import { localScreen, myCall, mySession, remoteScreen } from './calls';

/** Who shares; empty when nobody does. */
export function sharerName(): string {
  const call = myCall.value;
  const session = call?.sessions.find((known) => known.sessionId === call.screenSessionId);
  if (!session) return '';
  return session.sessionId === mySession.value?.sessionId ? 'You' : displayName(users.value[session.userId]);
}

/** The shared screen: one's own picture back, or the remote one. */
export function ScreenVideo() {
  const ref = useRef<HTMLVideoElement>(null);
  const own = localScreen.value;
  const remote = remoteScreen.value;
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    element.srcObject = own ?? (remote ? new MediaStream([remote]) : null);
    void element.play().catch(() => {
      // Autoplay refused: the element keeps its first frame until the user interacts.
    });
  }, [own, remote]);
  const name = sharerName();
  if (!own && !(remote && name)) return null;
  return (
    <figure class="screen">
      <video ref={ref} autoplay muted playsInline aria-label={name === 'You' ? 'Your shared screen' : `Screen of ${name}`} />
      <figcaption>{name === 'You' || own ? 'You are sharing your screen' : `${name} is sharing`}</figcaption>
    </figure>
  );
}
