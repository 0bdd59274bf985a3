import { useEffect, useRef, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { CheckField } from '../ui/CheckField';
import { Fetched } from '../ui/Fetched';
import { Field } from '../ui/Field';
import { attempt, Empty, ErrorNote, say } from '../ui/states';
import { useLoaded } from '../ui/useLoaded';
import { blamed, fixedBy, GROUPS, patchOf, read, type Setting, type SettingValue } from './settings';

type Values = Record<string, SettingValue>;

/** The settings of the site. What the file or the environment of the server says is shown and cannot be changed. */
export function SettingsSection() {
  const loaded = useLoaded(async () => {
    const config = await api.getConfig();
    // A server that cannot say which are fixed refuses the change itself.
    const environment = await api.getEnvironmentConfig().catch(() => ({}));
    return { values: read(config), environment };
  });
  return (
    <Fetched of={loaded} what="its settings here. They are in the configuration file of the server">
      {({ values, environment }) => (Object.keys(values).length === 0 ? <Empty title="No settings">None of this server's settings can be changed here.</Empty> : <SettingsForm stored={values} environment={environment} reload={loaded.reload} />)}
    </Fetched>
  );
}

function SettingsForm({ stored, environment, reload }: { stored: Values; environment: unknown; reload: () => void }) {
  const [values, setValues] = useState<Values>(stored);
  const [problem, setProblem] = useState({ path: '', text: '' });
  const [busy, setBusy] = useState(false);
  useEffect(() => setValues(stored), [stored]);
  const form = useRef<HTMLFormElement>(null);
  // A refusal may be far up in the form.
  useEffect(() => {
    if (!problem.text) return;
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid=true], .error-note');
    wrong?.scrollIntoView({ block: 'center' });
    wrong?.focus();
  }, [problem]);
  const changes = patchOf(stored, values);
  const changed = Object.keys(changes).length > 0;
  const send = (patch: object) => api.patchConfig(patch as Parameters<typeof api.patchConfig>[0]);
  const save = async (event: Event) => {
    event.preventDefault();
    const back = patchOf(values, stored);
    setBusy(true);
    setProblem({ path: '', text: '' });
    try {
      await send(changes);
      reload();
      say('Saved.', 'info', { label: 'Undo', run: () => void attempt(() => send(back)).then(reload) });
    } catch (cause) {
      const text = errorText(cause);
      setProblem({ path: blamed(text), text });
    }
    setBusy(false);
  };
  const set = (setting: Setting, value: SettingValue) => setValues((old) => ({ ...old, [setting.path]: value }));
  return (
    <form ref={form} class="form" onSubmit={save} aria-label="Settings">
      {problem.text && !(problem.path in stored) && <ErrorNote text={problem.text} />}
      {GROUPS.map((group) => {
        const shown = group.settings.filter((setting) => setting.path in stored);
        if (shown.length === 0) return null;
        return (
          <section key={group.title} class="settings-section" aria-label={group.title}>
            <h2>{group.title}</h2>
            {shown.map((setting) => (
              <SettingField
                key={setting.path}
                setting={setting}
                value={values[setting.path]}
                fixed={fixedBy(environment, setting.path)}
                error={problem.path === setting.path ? problem.text : ''}
                onValue={(value) => set(setting, value)}
              />
            ))}
          </section>
        );
      })}
      <div class="form-actions">
        <button type="button" class="button" disabled={!changed || busy} onClick={() => setValues(stored)}>
          Discard changes
        </button>
        <button type="submit" class="button primary" disabled={!changed || busy}>
          Save
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  setting: Setting;
  value: SettingValue;
  fixed: string;
  error: string;
  onValue: (value: SettingValue) => void;
}

function SettingField({ setting, value, fixed, error, onValue }: FieldProps) {
  const hint = [setting.hint, fixed].filter(Boolean).join(' ');
  if (setting.kind === 'switch') {
    return (
      <>
        <CheckField label={setting.label} hint={hint} disabled={Boolean(fixed)} checked={value === true} onChecked={onValue} />
        {error && <ErrorNote text={error} />}
      </>
    );
  }
  if (setting.kind === 'choice') {
    return (
      <label class="field">
        <span>{setting.label}</span>
        <select value={String(value)} disabled={Boolean(fixed)} onChange={(event) => onValue(event.currentTarget.value)}>
          {setting.choices?.map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
        {error && <small class="field-error">{error}</small>}
        {hint && <small class="hint">{hint}</small>}
      </label>
    );
  }
  return (
    <Field
      label={setting.label}
      hint={hint}
      error={error}
      disabled={Boolean(fixed)}
      type={setting.kind === 'secret' ? 'password' : setting.kind}
      autocomplete={setting.kind === 'secret' ? 'off' : undefined}
      required={setting.kind === 'number'}
      min={setting.min}
      max={setting.max}
      value={String(value)}
      onValue={(text) => onValue(setting.kind === 'number' && text !== '' ? Number(text) : text)}
    />
  );
}
