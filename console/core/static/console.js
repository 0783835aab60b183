// Marks that scripts run, so that the styles may hide what they replace; then starts the components.
// A page with something under way loads itself again, unless a field of it (the search, the two days) is being filled
// in; without scripts its link does.
import { initAll } from './nhsuk.js'

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported')
initAll()

const again = document.querySelector('[data-again]')
const isChanged = (one) => one.type !== 'hidden' && one.value !== (one.defaultValue ?? one.value)
const isFilledIn = () => [...document.querySelectorAll('input, textarea')].some(isChanged)
if (again) setInterval(() => { if (!isFilledIn()) location.reload() }, 1000 * Number(again.dataset.again))
