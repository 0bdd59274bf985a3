export const fileUrl = (id: string) => `/api/v4/files/${id}`;
export const downloadUrl = (id: string) => `/api/v4/files/${id}?download=1`;
export const thumbnailUrl = (id: string) => `/api/v4/files/${id}/thumbnail`;
export const previewUrl = (id: string) => `/api/v4/files/${id}/preview`;

export type FileKind = 'image' | 'video' | 'audio' | 'other';

/** How a file is shown. SVG is a download: it can carry scripts. */
export function kindOf(file: { mime_type: string; extension: string }): FileKind {
  if (/^image\/(png|jpe?g|gif|webp|bmp|avif)$/.test(file.mime_type)) return 'image';
  if (/^video\/(mp4|webm|ogg|quicktime)$/.test(file.mime_type)) return 'video';
  if (file.mime_type.startsWith('audio/')) return 'audio';
  return 'other';
}
