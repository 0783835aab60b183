// Marks that scripts run, so that the styles may hide what they replace; then starts the components.
// A page with something under way loads itself again; without scripts its link does.
import { initAll } from './nhsuk.js'

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported')
initAll()

const again = document.querySelector('[data-again]')
if (again) setTimeout(() => location.reload(), 1000 * Number(again.dataset.again))
