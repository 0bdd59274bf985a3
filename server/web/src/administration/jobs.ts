// Jobs in words.
import type { Job } from '@mattermost/types/jobs';

const KINDS: Record<string, string> = { export_process: 'Export of the site', import_process: 'Import' };

const STATES: Record<string, string> = {
  pending: 'waits',
  in_progress: 'runs',
  success: 'done',
  warning: 'done, with parts left out',
  error: 'failed',
  cancel_requested: 'is being stopped',
  canceled: 'stopped',
};

export const kindName = (type: string) => KINDS[type] ?? type;
export const stateName = (job: Pick<Job, 'status' | 'progress'>) => (job.status === 'in_progress' && job.progress > 0 ? `runs, ${job.progress} %` : (STATES[job.status] ?? job.status));

/** Whether it still waits or works. */
export const isOpen = (job: Pick<Job, 'status'>) => ['pending', 'in_progress', 'cancel_requested'].includes(job.status);
export const canStop = (job: Pick<Job, 'status'>) => job.status === 'pending' || job.status === 'in_progress';

/** What came of it or why it failed: the texts that the server keeps with a job. */
export function outcome(job: Pick<Job, 'data'>): string {
  const data = (job.data ?? {}) as Record<string, string | undefined>;
  const parts: string[] = [];
  if (data.error) parts.push(data.line_number ? `line ${data.line_number}: ${data.error}` : data.error);
  if (data.posts) parts.push(`${data.posts} messages`);
  if (data.posts_new) parts.push(`${data.posts_new} new messages`);
  if (data.missing_files && data.missing_files !== '0') parts.push(`${data.missing_files} files missing`);
  return parts.join(' · ');
}

/** The archive that an export has written. */
export function exportFile(job: Pick<Job, 'data'>): string {
  const name = (job.data as Record<string, string | undefined> | null)?.export_file;
  return name ?? '';
}
