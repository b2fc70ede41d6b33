import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { CollectionUnreadableError, readable } from "./errors.ts";

/** A protobuf message without its description: each field number with its values, in order. */
export type Message = {
  text(field: number): string;
  bytes(field: number): Uint8Array;
  number(field: number): number;
  flag(field: number): boolean;
  /** Undefined where the field is not in the message. For `optional` fields. */
  optional(field: number): number | undefined;
  float(field: number): number;
  floats(field: number): number[];
  numbers(field: number): number[];
  messages(field: number): Message[];
  /** The last one of a field; an empty message where there is none. */
  message(field: number): Message;
  has(field: number): boolean;
};

type Value = { type: WireType; number: number; bytes: Uint8Array };
const NOTHING = new Uint8Array();
/** Values of a message: a package lists 100,000 media at most. A value of two bytes costs a hundred. */
const MAX_VALUES = 250_000;
const UNREADABLE = "The collection holds a setting that cannot be read (protobuf). Check the database in Anki.";

function readValue(reader: BinaryReader, type: WireType, field: number): Value {
  switch (type) {
    case WireType.Varint:
      return { type, number: Number(reader.int64()), bytes: NOTHING };
    case WireType.Bit32:
      return { type, number: reader.float(), bytes: NOTHING };
    case WireType.Bit64:
      return { type, number: reader.double(), bytes: NOTHING };
    case WireType.LengthDelimited:
      return { type, number: 0, bytes: reader.bytes() };
    default:
      return { type, number: 0, bytes: reader.skip(type, field) };
  }
}

/** Reads floats that are packed into bytes, and such as stand alone. */
function floatsOf(values: readonly Value[]): number[] {
  return values.flatMap((value) => {
    if (value.type !== WireType.LengthDelimited) return [value.number];
    const view = new DataView(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength);
    return Array.from({ length: Math.floor(value.bytes.length / 4) }, (_, i) => view.getFloat32(i * 4, true));
  });
}

function numbersOf(values: readonly Value[]): number[] {
  return values.flatMap((value) => {
    if (value.type !== WireType.LengthDelimited) return [value.number];
    const reader = new BinaryReader(value.bytes);
    const all: number[] = [];
    while (reader.pos < reader.len) {
      if (all.length >= MAX_VALUES) throw tooMany();
      all.push(Number(reader.int64()));
    }
    return all;
  });
}

function tooMany(): CollectionUnreadableError {
  return new CollectionUnreadableError(
    `The package holds a list (protobuf) of more than ${MAX_VALUES} parts, which Anki does not write.`,
  );
}

/** A 32-bit float as the shortest decimal that is the same float: 0.9, not 0.8999999761581421. */
export function shortFloat(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Reads a message; fields that are not asked for are ignored. Throws a CollectionUnreadableError where it is none. */
export function readMessage(bytes: Uint8Array): Message {
  const fields = readable(UNREADABLE, () => {
    const all = new Map<number, Value[]>();
    const reader = new BinaryReader(bytes);
    let count = 0;
    while (reader.pos < reader.len) {
      if (++count > MAX_VALUES) throw tooMany();
      const [field, type] = reader.tag();
      const value = readValue(reader, type, field);
      const values = all.get(field);
      if (values) values.push(value);
      else all.set(field, [value]);
    }
    return all;
  });
  const all = (field: number) => fields.get(field) ?? [];
  const last = (field: number) => all(field).at(-1);
  const decode = new TextDecoder();

  return {
    text: (field) => decode.decode(last(field)?.bytes ?? NOTHING),
    bytes: (field) => last(field)?.bytes ?? NOTHING,
    number: (field) => last(field)?.number ?? 0,
    flag: (field) => (last(field)?.number ?? 0) !== 0,
    optional: (field) => last(field)?.number,
    float: (field) => shortFloat(last(field)?.number ?? 0),
    floats: (field) => floatsOf(all(field)).map(shortFloat),
    numbers: (field) => readable(UNREADABLE, () => numbersOf(all(field))),
    messages: (field) => all(field).map((value) => readMessage(value.bytes)),
    message: (field) => readMessage(last(field)?.bytes ?? NOTHING),
    has: (field) => fields.has(field),
  };
}
