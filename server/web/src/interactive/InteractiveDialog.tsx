// A form that a program asks the user to fill in.
import type { Dialog as DialogData, DialogSubmission, SubmitDialogResponse } from '@mattermost/types/integrations';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/client';
import { Markdown } from '../posts/Markdown';
import { channels } from '../store/channels';
import { myId } from '../store/session';
import { currentTeam } from '../store/teams';
import { closeDialog, Dialog } from '../ui/Dialog';
import { ErrorNote } from '../ui/states';
import { useForm } from '../ui/useForm';
import { ElementField } from './ElementField';
import { firstAnswers, problems, submission } from './elements';
import type { OpenForm } from './press';

export default function InteractiveDialog({ form: opened }: { form: OpenForm }) {
  const [form, setForm] = useState<DialogData>(opened.dialog);
  const elements = form.elements ?? [];
  const [answers, setAnswers] = useState(() => firstAnswers(elements));
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const box = useRef<HTMLFormElement>(null);
  const sent = useRef(false);

  const body = (more: Partial<DialogSubmission>): DialogSubmission => ({
    url: opened.url,
    callback_id: form.callback_id ?? '',
    state: form.state ?? '',
    user_id: myId.value,
    channel_id: opened.channelId,
    team_id: channels.value[opened.channelId]?.team_id || (currentTeam.value?.id ?? ''),
    submission: submission(elements, answers) as DialogSubmission['submission'],
    cancelled: false,
    ...more,
  });

  const { busy, error, onSubmit } = useForm(async () => {
    const found = problems(elements, answers);
    setWrong(found);
    if (Object.keys(found).length > 0) return;
    const reply: SubmitDialogResponse = (await api.submitInteractiveDialog(body({}))) ?? {};
    setWrong(reply.errors ?? {});
    if (reply.error) throw new Error(reply.error);
    if (reply.errors && Object.keys(reply.errors).length > 0) return;
    if (reply.type === 'form' && reply.form) {
      setForm(reply.form);
      setAnswers(firstAnswers(reply.form.elements ?? []));
      return;
    }
    sent.current = true;
    closeDialog();
  });

  // The first field that is wrong is where the user has to go.
  useEffect(() => {
    if (Object.keys(wrong).length > 0) box.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [wrong]);

  // However the dialog is closed, a program that wants to know is told.
  const latest = useRef(body);
  latest.current = body;
  const notify = useRef(form.notify_on_cancel);
  notify.current = form.notify_on_cancel;
  useEffect(
    () => () => {
      if (sent.current || !notify.current) return;
      void api.submitInteractiveDialog(latest.current({ cancelled: true, submission: {} })).catch(() => {
        // The dialog is gone; nobody waits for this answer.
      });
    },
    [],
  );

  return (
    <Dialog title={form.title}>
      <form ref={box} class="form" onSubmit={onSubmit} aria-label={form.title} noValidate>
        {form.introduction_text && <Markdown text={form.introduction_text} />}
        {error && <ErrorNote text={error} />}
        {elements.map((element) => (
          <ElementField
            key={element.name}
            element={element}
            answer={answers[element.name] ?? ''}
            error={wrong[element.name]}
            onAnswer={(answer) => setAnswers((known) => ({ ...known, [element.name]: answer }))}
            lookup={(term) =>
              api
                .lookupInteractiveDialog(body({ url: element.data_source_url ?? '', submission: { query: term, selected_field: element.name } }))
                .then((found) => found.items ?? [])
            }
          />
        ))}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {form.submit_label || 'Submit'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
