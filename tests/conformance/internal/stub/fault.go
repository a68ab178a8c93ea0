package stub

// Fault is one way in which a plugin breaks the contract. A Plugin with a fault is otherwise good, so that a
// check that flags it has seen just that.
type Fault string

// None is the good plugin.
const None Fault = ""

// Faults of the wire.
const (
	UnknownMethodIsUnknown Fault = "answers UNKNOWN to an unknown method"
	SwappedFieldNumbers    Fault = "numbers EncryptResponse like DecryptRequest"
	RefusesUnknownFields   Fault = "refuses requests with unknown fields"
)

// Faults of Status.
const (
	HealthzCapital    Fault = "healthz OK instead of ok"
	NoKeyID           Fault = "an empty key_id"
	OtherVersion      Fault = "version v3"
	HealthzLater      Fault = "healthz bad, but no error, once the key has changed"
	VersionFlips      Fault = "another version now and then"
	StatusBehindCalls Fault = "Status waits for the other calls"
)

// Faults of Encrypt.
const (
	OtherKeyID            Fault = "Encrypt names another key_id than Status"
	LongCiphertext        Fault = "a ciphertext of 1,025 bytes"
	AnnotationWithSlash   Fault = "an annotation domain/name"
	FatAnnotation         Fault = "annotations over the budget"
	Deterministic         Fault = "the same ciphertext for the same plaintext"
	RepeatsCiphertext     Fault = "the same ciphertext for any plaintext"
	PlaintextInside       Fault = "a ciphertext that shows the plaintext"
	AcceptsEmptyUID       Fault = "accepts an empty uid"
	DiesOnLongUID         Fault = "dies on a long uid"
	LeaksPlaintextInError Fault = "an error text with the plaintext"
	LosesCancelledWorkers Fault = "a cancelled call keeps its worker"
	TruncatesPlaintext    Fault = "keeps only 32 bytes of a plaintext"
)

// Faults of Decrypt.
const (
	WrongPlaintext      Fault = "OK with wrong bytes"
	TriesOtherKeys      Fault = "ignores the key_id"
	NoAuthentication    Fault = "OK with garbage where authentication fails"
	IgnoresAnnotations  Fault = "ignores the annotations"
	IgnoresAddedOnes    Fault = "ignores added annotations"
	ForgetsOldKeys      Fault = "cannot open what an earlier key sealed"
	ErrorsAreUnknown    Fault = "every error is UNKNOWN"
	OneCallAtATime      Fault = "one slow call at a time"
	BadInputIsInternal  Fault = "INTERNAL for bad input"
	MultiLineErrors     Fault = "error texts of several lines"
	RefusesAtTheSecond  Fault = "opens a ciphertext only once"
	WrongPlaintextLater Fault = "wrong bytes for one Decrypt in fifty"
)

// Faults of a change of the key.
const (
	KeyIDFlaps     Fault = "Status names the old key_id again after the new one"
	EncryptLags    Fault = "Encrypt goes on under the old key for a while after Status names the new one"
	EncryptLeads   Fault = "Encrypt uses the new key for a while before Status names it"
	FailsAtAChange Fault = "Encrypt fails for a moment when the key changes"
)

// Faults of the socket.
const (
	StrictAuthority  Fault = "serves only the authority localhost"
	OneConnection    Fault = "serves one connection"
	DiesOnGarbage    Fault = "garbage on one connection ends the others"
	ClosesIdle       Fault = "ends idle connections"
	BlockedBySilence Fault = "a silent connection blocks the next ones"
)
