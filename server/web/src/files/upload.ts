// One file upload with progress. XMLHttpRequest, because fetch reports no upload progress.
import type { FileInfo } from '@mattermost/types/files';
import { api } from '../api/client';

export interface Upload {
  id: string;
  name: string;
  size: number;
  /** 0–1. */
  progress: number;
  /** Empty while it runs. */
  error: string;
}

/** Starts the upload; `abort` cancels it. */
export function upload(channelId: string, file: File, onProgress: (part: number) => void): { done: Promise<FileInfo>; abort: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise<FileInfo>((resolve, reject) => {
    const form = new FormData();
    // The channel has to come first: the server streams what follows.
    form.append('channel_id', channelId);
    form.append('files', file, file.name);
    request.open('POST', '/api/v4/files');
    request.setRequestHeader('X-Requested-With', 'XMLHttpRequest');
    const csrf = api.getCSRFFromCookie();
    if (csrf) request.setRequestHeader('X-CSRF-Token', csrf);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => {
      const answer = parse(request.responseText);
      const info = answer?.file_infos?.[0];
      if (request.status < 300 && info) resolve(info);
      else reject(new Error(answer?.message || `The server answered ${request.status}.`));
    };
    request.onerror = () => reject(new Error('The server cannot be reached.'));
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    request.send(form);
  });
  return { done, abort: () => request.abort() };
}

function parse(text: string): { file_infos?: FileInfo[]; message?: string } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
