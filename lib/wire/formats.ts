import { defaultFormat } from './default.ts'
import { django } from './django.ts'
import { flask } from './flask.ts'
import type { Format } from './format.ts'
import { starlette } from './starlette.ts'

/** The wire formats by the name that the option `format` gives them. */
export const formats = { default: defaultFormat, flask, django, starlette } satisfies Record<string, Format>

export type FormatName = keyof typeof formats
