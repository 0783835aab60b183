// Marks that scripts run, so that the styles may hide what they replace; then starts the components.
import { initAll } from './nhsuk.js'

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported')
initAll()
