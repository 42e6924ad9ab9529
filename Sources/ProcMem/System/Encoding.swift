// Encoding of the public values. Every encoding contains every name, with `null` for an unknown figure, so that a
// program finds the same names in every result. A synthesised `encode(to:)` would omit `nil` values.

/// A name in the encoding of a value. All values share this type: a separate enumeration of keys for each would add
/// code.
struct EncodedName: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringLiteral name: String) { stringValue = name }
    init?(stringValue name: String) { stringValue = name }
    init?(intValue: Int) { return nil }
}

extension Encoder {
    /// A container for the names of a value.
    var names: KeyedEncodingContainer<EncodedName> { container(keyedBy: EncodedName.self) }
}
