import { Markup } from 'fastify-signed-session'

/**
 * Escapes every value but those that are `Markup` already.
 * @param {TemplateStringsArray} strings
 * @param {unknown[]} values
 */
export function html (strings, ...values) {
  return new Markup(String.raw({ raw: strings }, ...values.map(escape)))
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function escape (value) {
  if (value instanceof Markup) return value.__html__()
  if (Array.isArray(value)) return value.map(escape).join('')
  return String(value ?? '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
