import { useEffect, useRef } from 'preact/hooks';
import { remoteAudio } from './calls';

/** Plays what the others say. */
export function CallAudio() {
  return (
    <>
      {remoteAudio.value.map((track) => (
        <Voice key={track.id} track={track} />
      ))}
    </>
  );
}

function Voice({ track }: { track: MediaStreamTrack }) {
  const ref = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    if (ref.current) ref.current.srcObject = new MediaStream([track]);
  }, [track]);
  return <audio ref={ref} autoplay />;
}
