import type { FileInfo } from '@mattermost/types/files';
import { useRef, useState } from 'preact/hooks';
import { errorText } from '../api/client';
import { config } from '../store/session';
import { fileSize } from '../ui/time';
import { upload, type Upload } from './upload';

const MAX_FILES = 10;

/** Uploads of one composer. Finished ones are handed to `onDone`. */
export function useUploads(channelId: string, onDone: (file: FileInfo) => void) {
  const [running, setRunning] = useState<Upload[]>([]);
  const aborts = useRef(new Map<string, () => void>());
  const counter = useRef(0);

  const change = (id: string, patch: Partial<Upload>) => setRunning((list) => list.map((item) => (item.id === id ? { ...item, ...patch } : item)));
  const drop = (id: string) => setRunning((list) => list.filter((item) => item.id !== id));

  const start = async (file: File) => {
    counter.current += 1;
    const id = `upload-${counter.current}`;
    const limit = Number(config.value.MaxFileSize) || Infinity;
    const error = file.size > limit ? `larger than ${fileSize(limit)}` : '';
    setRunning((list) => [...list, { id, name: file.name, size: file.size, progress: 0, error }]);
    if (error) return;
    const { done, abort } = upload(channelId, file, (progress) => change(id, { progress }));
    aborts.current.set(id, abort);
    try {
      onDone(await done);
      drop(id);
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'AbortError') drop(id);
      else change(id, { error: errorText(cause) });
    }
    aborts.current.delete(id);
  };

  return {
    running,
    add: (files: Iterable<File> | ArrayLike<File>) => {
      for (const file of Array.from(files).slice(0, MAX_FILES)) void start(file);
    },
    cancel: (id: string) => {
      aborts.current.get(id)?.();
      drop(id);
    },
  };
}
