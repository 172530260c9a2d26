/** Runs tasks one after the other, so that none meets half of another. Where none is under way, one runs at once. */
export class Turns {
  #last: Promise<void> | undefined

  take (task: () => Promise<void>): Promise<void> {
    const running = this.#last === undefined ? task() : this.#last.then(task, task)
    const turn = running.finally(() => {
      if (this.#last === turn) this.#last = undefined
    })
    this.#last = turn
    return turn
  }
}
