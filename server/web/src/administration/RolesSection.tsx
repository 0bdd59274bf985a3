import type { Role } from '@mattermost/types/roles';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { CheckField } from '../ui/CheckField';
import { Fetched } from '../ui/Fetched';
import { attempt, ErrorNote, say } from '../ui/states';
import { useForm } from '../ui/useForm';
import { useLoaded } from '../ui/useLoaded';
import { ROLES, same, unnamed, withPermission, type RoleWords } from './permissions';

/** What members, guests and administrators of teams and channels may do. */
export function RolesSection() {
  const loaded = useLoaded(() => api.call<Role[]>('/roles', 'get'));
  const [chosen, setChosen] = useState(ROLES[0].name);
  return (
    <Fetched of={loaded} what="roles">
      {(roles) => {
        const known = ROLES.filter((words) => roles.some((role) => role.name === words.name));
        const words = known.find((one) => one.name === chosen) ?? known[0];
        const role = roles.find((one) => one.name === words?.name);
        if (!words || !role) return null;
        return (
          <>
            <p>Administrators of the site may do everything; that cannot be changed.</p>
            <label class="field">
              <span>Role</span>
              <select value={words.name} onChange={(event) => setChosen(event.currentTarget.value)}>
                {known.map((one) => (
                  <option key={one.name} value={one.name}>
                    {one.label}
                  </option>
                ))}
              </select>
            </label>
            <RoleForm key={role.id} role={role} words={words} reload={loaded.reload} />
          </>
        );
      }}
    </Fetched>
  );
}

function RoleForm({ role, words, reload }: { role: Role; words: RoleWords; reload: () => void }) {
  const [permissions, setPermissions] = useState<readonly string[]>(role.permissions);
  useEffect(() => setPermissions(role.permissions), [role]);
  const put = (list: readonly string[]) => api.call<Role>(`/roles/${role.id}/patch`, 'put', { permissions: list });
  const { busy, error, onSubmit } = useForm(async () => {
    const before = role.permissions;
    await put(permissions);
    reload();
    say(`Saved for: ${words.label}.`, 'info', { label: 'Undo', run: () => void attempt(() => put(before)).then(reload) });
  });
  const others = unnamed(words, role.permissions);
  const changed = !same(permissions, role.permissions);
  return (
    <form class="form" onSubmit={onSubmit} aria-label={words.label}>
      {error && <ErrorNote text={error} />}
      {words.words.map((group) => (
        <fieldset key={group.title} class="choice">
          <legend>{group.title}</legend>
          <div class="options">
            {Object.entries(group.permissions).map(([permission, label]) => (
              <CheckField key={permission} label={label} checked={permissions.includes(permission)} onChecked={(given) => setPermissions(withPermission(permissions, permission, given))} />
            ))}
          </div>
        </fieldset>
      ))}
      {others > 0 && <p class="hint">{others === 1 ? 'One more permission of this role' : `${others} more permissions of this role`} cannot be changed here and stay as they are.</p>}
      <div class="form-actions">
        <button type="button" class="button" disabled={!changed || busy} onClick={() => setPermissions(role.permissions)}>
          Discard changes
        </button>
        <button type="submit" class="button primary" disabled={!changed || busy}>
          Save
        </button>
      </div>
    </form>
  );
}
