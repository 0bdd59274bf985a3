// Captions that go with a recording, from the props of its post.
export interface CaptionTrack {
  fileId: string;
  title: string;
  language: string;
}

/** Reads props.captions; entries without a file are dropped. */
export function captionTracks(props: unknown): CaptionTrack[] {
  const list = (props as { captions?: unknown } | undefined)?.captions;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const { file_id: fileId, title, language } = (entry ?? {}) as { file_id?: unknown; title?: unknown; language?: unknown };
    if (typeof fileId !== 'string' || !fileId) return [];
    return [{ fileId, title: typeof title === 'string' && title ? title : 'Captions', language: typeof language === 'string' && language ? language : 'en' }];
  });
}
