import type { Job } from '@mattermost/types/jobs';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { CheckField } from '../ui/CheckField';
import { confirmDialog } from '../ui/Dialog';
import { Fetched } from '../ui/Fetched';
import { Pages, usePages } from '../ui/Pages';
import { attempt, Empty, ErrorNote, say } from '../ui/states';
import { fullTime } from '../ui/time';
import { useForm } from '../ui/useForm';
import { useLoaded } from '../ui/useLoaded';
import { canStop, exportFile, isOpen, kindName, outcome, stateName } from './jobs';

const LOOK_AGAIN_MS = 2_000;

const downloadPath = (name: string) => `/api/v4/exports/${encodeURIComponent(name)}`;

/** Exports of the site and other work in the background. */
export function JobsSection() {
  const jobs = usePages<Job>((page, size) => api.getJobs(page, size), '', 20);
  const files = useLoaded(() => api.call<string[]>('/exports', 'get'));
  const working = (jobs.value ?? []).some(isOpen);
  useEffect(() => {
    if (!working) {
      files.reload();
      return;
    }
    const timer = setInterval(jobs.reload, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [working]);
  const stop = (job: Job) => void attempt(() => api.cancelJob(job.id)).then(jobs.reload);
  const remove = (name: string) =>
    confirmDialog('Delete this export?', `${name} is deleted for good. The site itself stays as it is.`, 'Delete', () =>
      void attempt(() => api.call(downloadPath(name).replace('/api/v4', ''), 'delete')).then((went) => {
        files.reload();
        if (went) say('Deleted.');
      }),
    );
  return (
    <>
      {!jobs.absent && <NewExport started={jobs.reload} />}
      <section class="settings-section" aria-label="Jobs">
        <h2>Jobs</h2>
        <Fetched of={jobs} what="jobs" empty={<Empty title="No jobs yet" />}>
          {(list) => (
            <ul class="rows">
              {list.map((job) => (
                <li key={job.id} class="folds">
                  <span class="pick-text">
                    <span>
                      {kindName(job.type)}: {stateName(job)}
                    </span>
                    <small>{[fullTime(job.create_at), outcome(job)].filter(Boolean).join(' · ')}</small>
                  </span>
                  {canStop(job) && (
                    <button type="button" class="button small" aria-label={`Stop ${kindName(job.type)}`} onClick={() => stop(job)}>
                      Stop
                    </button>
                  )}
                  {files.value?.includes(exportFile(job)) && (
                    <a class="button small" href={downloadPath(exportFile(job))} download aria-label={`Download ${exportFile(job)}`}>
                      Download
                    </a>
                  )}
                </li>
              ))}
            </ul>
          )}
        </Fetched>
        <Pages of={jobs} />
      </section>
      {!files.absent && (
        <section class="settings-section" aria-label="Export files">
          <h2>Export files</h2>
          <Fetched of={files} what="export files" empty={<p class="hint">None. An export leaves one here, to be downloaded.</p>}>
            {(names) => (
              <ul class="rows">
                {names.map((name) => (
                  <li key={name} class="folds">
                    <span class="pick-text">{name}</span>
                    <a class="button small" href={downloadPath(name)} download aria-label={`Download ${name}`}>
                      Download
                    </a>
                    <button type="button" class="button small danger" aria-label={`Delete ${name}`} onClick={() => remove(name)}>
                      Delete
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </Fetched>
        </section>
      )}
    </>
  );
}

function NewExport({ started }: { started: () => void }) {
  const [files, setFiles] = useState(true);
  const [archived, setArchived] = useState(true);
  const { busy, error, onSubmit } = useForm(async () => {
    const data = { include_attachments: String(files), include_archived_channels: String(archived) };
    await api.createJob({ type: 'export_process', data } as unknown as Parameters<typeof api.createJob>[0]);
    started();
  });
  return (
    <form class="form" onSubmit={onSubmit} aria-label="New export">
      {error && <ErrorNote text={error} />}
      <p>An export has teams, channels, people and messages in Mattermost's format for moving to another server. For keeping the site safe, make a backup on the server.</p>
      <CheckField label="With files" checked={files} onChecked={setFiles} />
      <CheckField label="With archived channels" checked={archived} onChecked={setArchived} />
      <div>
        <button type="submit" class="button primary" disabled={busy}>
          Start export
        </button>
      </div>
    </form>
  );
}
