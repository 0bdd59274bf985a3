import { useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { drawerOpen, panel } from '../store/panel';
import { Icon } from '../ui/Icon';

/** Searches messages; the result opens on the right. */
export function SearchBox() {
  const [terms, setTerms] = useState('');
  return (
    <form
      class="search-box"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (!terms.trim()) return;
        panel.value = { kind: 'search', terms: terms.trim() };
        drawerOpen.value = false;
      }}
    >
      <Icon name="search" size={16} />
      <input type="search" aria-label={t('search.label')} placeholder={t('search.hint')} value={terms} onInput={(event) => setTerms(event.currentTarget.value)} />
    </form>
  );
}
