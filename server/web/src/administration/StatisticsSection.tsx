import { api } from '../api/client';
import { Fetched } from '../ui/Fetched';
import { Empty } from '../ui/states';
import { useLoaded } from '../ui/useLoaded';
import { byDay, figures, type Figure } from './figures';

const DAYS = 14;
const NUMBER = new Intl.NumberFormat();

/** How many people, teams and messages there are, and how many messages a day. */
export function StatisticsSection() {
  const numbers = useLoaded(async () => {
    const rows = await api.getAnalytics('standard');
    // Some servers count these only when asked for them.
    const more = await api.getAnalytics('extra_counts').catch(() => []);
    return figures([...rows, ...more]);
  });
  const days = useLoaded(async () => byDay(await api.getAnalytics('post_counts_day'), DAYS));
  return (
    <>
      <Fetched of={numbers} what="statistics" empty={<Empty title="Nothing counted yet" />}>
        {(list) => (
          <dl class="figures">
            {list.map((figure) => (
              <div key={figure.name}>
                <dt>{figure.label}</dt>
                <dd>{NUMBER.format(figure.value)}</dd>
              </div>
            ))}
          </dl>
        )}
      </Fetched>
      {!days.absent && numbers.value && (
        <section class="settings-section" aria-label="Messages per day">
          <h2>Messages per day</h2>
          <Fetched of={days} what="numbers per day" empty={<p class="hint">No messages in the last days.</p>}>
            {(list) => <Days list={list} />}
          </Fetched>
        </section>
      )}
    </>
  );
}

function Days({ list }: { list: Figure[] }) {
  const most = Math.max(1, ...list.map((day) => day.value));
  return (
    <ul class="rows">
      {list.map((day) => (
        <li key={day.name}>
          <span>{day.label}</span>
          <span class="bar grow" aria-hidden="true">
            <span style={{ width: `${(day.value / most) * 100}%` }} />
          </span>
          <span>{NUMBER.format(day.value)}</span>
        </li>
      ))}
    </ul>
  );
}
