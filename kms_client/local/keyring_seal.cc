#include "kms_client/local/keyring_seal.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "crypto/sensitive_string.h"

namespace signet::kms {
namespace {

// The longest passphrase and its newline.
constexpr size_t kMaxFileBytes = kMaxPassphraseBytes + 1;

bool SameKey(const SealParameters& a, const SealParameters& b) {
  return a.salt == b.salt && a.cost.log2_n == b.cost.log2_n && a.cost.r == b.cost.r && a.cost.p == b.cost.p;
}

}  // namespace

SealSource SealSource::PassphraseFile(std::string path) {
  SealSource source;
  source.path_ = std::move(path);
  return source;
}

absl::StatusOr<SealSource> SealSource::Credential(absl::string_view directory, absl::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != absl::string_view::npos ||
      name.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("a credential's name is a plain file name");
  }
  if (directory.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no credential ", name, ": systemd passed none ($CREDENTIALS_DIRECTORY is not set)"));
  }
  SealSource source;
  source.path_ = absl::StrCat(directory, "/", name);
  source.credential_ = true;
  return source;
}

absl::StatusOr<crypto::SecretBytes> SealSource::ReadPassphrase(DurableFiles& files) const {
  // systemd grants a service's user its credentials by an ACL, which shows as group permission: there only
  // access for others is too loose.
  if (struct stat info{}; credential_ && ::lstat(path_.c_str(), &info) == 0 && (info.st_mode & 07) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(path_, ": others have access"));
  }
  absl::StatusOr<std::string> read = files.Read(path_, {kMaxFileBytes, /*must_be_private=*/!credential_});
  if (!read.ok()) return read.status();
  const crypto::SensitiveString text(*std::move(read));
  const absl::string_view passphrase = absl::StripSuffix(text.Expose(), "\n");
  if (passphrase.size() < kMinPassphraseBytes || passphrase.size() > kMaxPassphraseBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path_, ": a passphrase has ", kMinPassphraseBytes, " to ",
                                                   kMaxPassphraseBytes, " bytes"));
  }
  return crypto::SecretBytes::CopyOf(passphrase);
}

absl::StatusOr<const crypto::SecretBytes*> SealKeeper::KeyFor(const SealParameters& parameters,
                                                              DurableFiles& files) {
  if (!last_.has_value() || !SameKey(*last_, parameters)) {
    SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes passphrase, source_.ReadPassphrase(files));
    const absl::string_view salt(reinterpret_cast<const char*>(parameters.salt.data()),
                                 parameters.salt.size());
    SIGNET_ASSIGN_OR_RETURN(key_, crypto::Scrypt(passphrase, salt, parameters.cost, 32));
    last_ = parameters;
  }
  return &key_;
}

absl::StatusOr<SealParameters> SealKeeper::ParametersForWriting(crypto::RandomSource& random) const {
  if (last_.has_value()) return *last_;
  SealParameters parameters;
  parameters.cost = cost_;
  SIGNET_RETURN_IF_ERROR(random.Fill(absl::MakeSpan(parameters.salt)));
  return parameters;
}

}  // namespace signet::kms
