// Devices. A missing or refused microphone is no reason not to listen.

const CAUSES: Record<string, string> = {
  NotAllowedError: 'The browser does not allow the microphone.',
  NotFoundError: 'No microphone was found.',
  NotReadableError: 'Another program holds the microphone.',
};

/** The microphone's track, or a sentence why there is none. */
export async function openMicrophone(): Promise<{ track: MediaStreamTrack; stream: MediaStream } | { problem: string }> {
  if (!navigator.mediaDevices) return { problem: 'The browser offers a microphone only on secure pages (https).' };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    return { track: stream.getAudioTracks()[0], stream };
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : '';
    return { problem: CAUSES[name] ?? 'The microphone could not be opened.' };
  }
}

/** A screen or window that the user picks; null when they change their mind. */
export async function openScreen(): Promise<MediaStream | null> {
  if (!navigator.mediaDevices?.getDisplayMedia) throw new Error('This browser cannot share a screen.');
  try {
    return await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 15, width: { max: 1920 }, height: { max: 1080 } }, audio: true });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'NotAllowedError') return null;
    throw new Error('The screen could not be shared.', { cause });
  }
}
