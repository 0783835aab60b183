// Suggests organisations beneath a search field while one types: links, reached by the arrow keys or by Tab.
const PAUSE = 180

for (const field of document.querySelectorAll('input[type="search"][name="text"]')) {
  const form = field.form
  const list = document.createElement('ul')
  const status = document.createElement('p')
  list.className = 'app-suggestions'
  list.hidden = true
  status.className = 'nhsuk-u-visually-hidden'
  status.setAttribute('role', 'status')
  field.parentElement.append(list, status)
  let timer = 0
  let asked = ''

  const close = () => {
    list.hidden = true
    list.replaceChildren()
    status.textContent = ''
  }

  const show = (matches) => {
    list.replaceChildren(...matches.map((one) => {
      const item = document.createElement('li')
      const link = document.createElement('a')
      const more = document.createElement('small')
      link.href = one.href
      link.textContent = one.name ? `${one.name} (${one.code})` : one.code
      more.textContent = one.why ? `${one.kind}, by ${one.why}` : one.kind
      link.append(more)
      item.append(link)
      return item
    }))
    list.hidden = matches.length === 0
    status.textContent = matches.length === 1 ? '1 suggestion' : `${matches.length} suggestions`
  }

  const ask = async () => {
    const text = field.value.trim()
    asked = text
    if (text.length < 2) return close()
    const query = new URLSearchParams(new FormData(form))
    for (const name of ['kind', 'status']) query.delete(name)
    const response = await fetch(`/search/suggestions?${query}`).catch(() => null)
    if (asked === text && response?.ok && !response.redirected) show(await response.json())
  }

  field.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(ask, PAUSE)
  })
  form.addEventListener('keydown', (event) => {
    const links = [...list.querySelectorAll('a')]
    const at = links.indexOf(document.activeElement)
    if (event.key === 'Escape' && !list.hidden) {
      field.focus()
      close()
    } else if (event.key === 'ArrowDown' && links.length) {
      event.preventDefault()
      links[Math.min(at + 1, links.length - 1)].focus()
    } else if (event.key === 'ArrowUp' && at >= 0) {
      event.preventDefault()
      ;(at === 0 ? field : links[at - 1]).focus()
    }
  })
  form.addEventListener('focusout', (event) => {
    if (!form.contains(event.relatedTarget)) close()
  })
}
