import type { Waiting } from "./model";

/** Where what waits survives a closed page, a killed browser, an empty battery: IndexedDB; localStorage where that is
 * refused (some in-app browsers); else memory alone, and the page says so. */
export interface Keep {
  readonly kind: "disk" | "memory";
  all(): Promise<Waiting[]>;
  /** Kept when this returns. `n` is given here. */
  add(one: Waiting): Promise<Waiting>;
  put(one: Waiting): Promise<void>;
  remove(n: number): Promise<void>;
}

const NAME = "heartlamp-phone";
const STORE = "queue";

export async function openKeep(): Promise<Keep> {
  try {
    return await database();
  } catch {
    return storage();
  }
}

function database(): Promise<Keep> {
  return new Promise((done, failed) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "n", autoIncrement: true });
    opening.onerror = () => failed(opening.error);
    opening.onblocked = () => failed(new Error("blocked"));
    opening.onsuccess = () => done(overDatabase(opening.result));
  });
}

function overDatabase(base: IDBDatabase): Keep {
  /** Resolves when the transaction is complete, with what `work` asked for. */
  function run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest): Promise<T> {
    return new Promise((done, failed) => {
      const changing = base.transaction(STORE, mode);
      const asked = work(changing.objectStore(STORE));
      changing.oncomplete = () => done(asked.result as T);
      changing.onabort = changing.onerror = () => failed(changing.error);
    });
  }
  return {
    kind: "disk",
    all: () => run("readonly", (store) => store.getAll()),
    async add(one) {
      const { n: _, ...fresh } = one;
      return { ...one, n: await run<number>("readwrite", (store) => store.add(fresh)) };
    },
    put: (one) => run("readwrite", (store) => store.put(one)),
    remove: (n) => run("readwrite", (store) => store.delete(n)),
  };
}

/** Photos do not fit in here: they stay in memory, and what names them is sent without. */
function storage(): Keep {
  let held: Waiting[] = [];
  let kind: Keep["kind"] = "disk";
  try {
    held = JSON.parse(localStorage.getItem(`${NAME}.${STORE}`) || "[]") as Waiting[];
  } catch {
    kind = "memory";
  }
  const write = () => {
    try {
      localStorage.setItem(`${NAME}.${STORE}`, JSON.stringify(held.filter((one) => !(one.body instanceof ArrayBuffer))));
    } catch {
      kind = "memory";
    }
    return Promise.resolve();
  };
  return {
    get kind() {
      return kind;
    },
    all: () => Promise.resolve(held.slice()),
    async add(one) {
      const kept = { ...one, n: held.reduce((most, { n }) => Math.max(most, n), 0) + 1 };
      held = held.concat(kept);
      await write();
      return kept;
    },
    put(one) {
      held = held.map((other) => (other.n === one.n ? one : other));
      return write();
    },
    remove(n) {
      held = held.filter((one) => one.n !== n);
      return write();
    },
  };
}
