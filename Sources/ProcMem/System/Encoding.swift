// How public values encode themselves: every name is in every encoding, `null` where a figure is not known, so that a
// program finds the same names in every answer. A synthesised `encode(to:)` leaves out what is `nil`.

/// A name in the encoding of a value. One type for all values: an enumeration of keys for each would cost more code.
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
