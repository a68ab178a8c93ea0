package kmsclient

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields is a decoded message, by field number, in the order of the wire. Varints stand in their wire form.
type Fields map[protowire.Number][][]byte

// ParseFields splits a message into its fields without any schema.
func ParseFields(message []byte) (Fields, error) {
	fields := Fields{}
	for len(message) > 0 {
		number, kind, tagLength := protowire.ConsumeTag(message)
		if tagLength < 0 {
			return nil, fmt.Errorf("tag: %w", protowire.ParseError(tagLength))
		}
		message = message[tagLength:]
		valueLength := protowire.ConsumeFieldValue(number, kind, message)
		if valueLength < 0 {
			return nil, fmt.Errorf("field %d: %w", number, protowire.ParseError(valueLength))
		}
		value := message[:valueLength]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(message)
		}
		fields[number] = append(fields[number], value)
		message = message[valueLength:]
	}
	return fields, nil
}

// One returns the only occurrence of a field.
func (f Fields) One(number protowire.Number) ([]byte, error) {
	if len(f[number]) != 1 {
		return nil, fmt.Errorf("field %d occurs %d times", number, len(f[number]))
	}
	return f[number][0], nil
}

// Map reads a map<string, bytes> field.
func (f Fields) Map(number protowire.Number) (map[string][]byte, error) {
	entries := map[string][]byte{}
	for _, encoded := range f[number] {
		entry, err := ParseFields(encoded)
		if err != nil {
			return nil, fmt.Errorf("map field %d: %w", number, err)
		}
		key, err := entry.One(1)
		if err != nil {
			return nil, fmt.Errorf("map field %d, key: %w", number, err)
		}
		value := []byte{}
		if len(entry[2]) > 0 {
			value = entry[2][len(entry[2])-1]
		}
		entries[string(key)] = value
	}
	return entries, nil
}

// AppendBytesField appends a length-delimited field.
func AppendBytesField(message []byte, number protowire.Number, value []byte) []byte {
	message = protowire.AppendTag(message, number, protowire.BytesType)
	return protowire.AppendBytes(message, value)
}

// AppendMapField appends a map<string, bytes> field.
func AppendMapField(message []byte, number protowire.Number, entries map[string][]byte) []byte {
	for key, value := range entries {
		entry := AppendBytesField(nil, 1, []byte(key))
		entry = AppendBytesField(entry, 2, value)
		message = AppendBytesField(message, number, entry)
	}
	return message
}
