#include "kms_client/local/local_kms_client.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "kms_client/failure_class.h"
#include "tests/unit/kms_client/local/local_test_env.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Single-threaded tests only.
class RecordingObserver final : public KeyringObserver {
 public:
  void OnKeyringReloaded(absl::string_view, uint64_t revision) override { reloaded.push_back(revision); }
  void OnKeyringVersionActivated(absl::string_view, uint32_t number) override { activated.push_back(number); }
  void OnKeyringProblem(absl::string_view, const absl::Status& status) override {
    problems.push_back(std::string(status.message()));
  }

  std::vector<uint64_t> reloaded;
  std::vector<uint32_t> activated;
  std::vector<std::string> problems;
};

// A disk that has become read-only, and may fail altogether.
class BrokenFiles final : public DurableFiles {
 public:
  absl::StatusOr<std::string> Read(const std::string& path, const ReadLimits& limits) override {
    ++reads;
    if (fail_reads) return absl::UnavailableError(path + ": input/output error");
    return PosixDurableFiles().Read(path, limits);
  }
  absl::Status Replace(const std::string& path, absl::string_view, mode_t) override {
    ++refused;
    return absl::PermissionDeniedError(path + ": read-only file system");
  }
  absl::Status MakeFolder(const std::string& path, mode_t) override {
    return absl::PermissionDeniedError(path + ": read-only file system");
  }

  bool fail_reads = false;
  int reads = 0;
  int refused = 0;
};

class LocalKmsClientTest : public LocalTest {
 protected:
  void SetUp() override { CreateKeyring(); }

  std::unique_ptr<KmsClient> Open(absl::string_view name = "keyring") {
    absl::StatusOr<std::unique_ptr<KmsClient>> client =
        MakeLocalKmsClient({Path(name), SealSource()}, clock_, random_, files_, &observer_);
    EXPECT_THAT(client, IsOk());
    return client.ok() ? *std::move(client) : nullptr;
  }
  CallContext Call() const { return {clock_.Monotonic() + absl::Seconds(10), nullptr, ""}; }
  crypto::SecretBytes Plaintext() const { return crypto::SecretBytes::CopyOf(std::string(32, 'p')).value(); }
  WrapResult Wrap(KmsClient& client) {
    absl::StatusOr<WrapResult> wrapped = client.Wrap(Call(), Plaintext(), context_);
    EXPECT_THAT(wrapped, IsOk());
    return wrapped.ok() ? *std::move(wrapped) : WrapResult{};
  }
  absl::Status Unwrap(KmsClient& client, const WrapResult& wrapped) {
    return client.Unwrap(Call(), wrapped.backend_field, wrapped.blob, context_).status();
  }
  // The number that Describe announces; 0 when it fails.
  uint64_t Announced(KmsClient& client) {
    const absl::StatusOr<KeyDescription> description = client.Describe(Call());
    return description.ok() ? description->current.number.value_or(0) : 0;
  }
  void AddVersion(absl::string_view name = "keyring") {
    ChangeFile(name, [this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); });
  }
  void Activate(uint32_t number, std::optional<absl::Time> at = std::nullopt) {
    ChangeFile("keyring", [&](Keyring& k) { return k.Activate(number, at, clock_.Wall()); });
  }

  const WrapContext context_{"cluster-1"};
  RecordingObserver observer_;
};

TEST_F(LocalKmsClientTest, NeedsAKeyring) {
  EXPECT_THAT(MakeLocalKmsClient({Path("none"), SealSource()}, clock_, random_, files_),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(LocalKmsClientTest, NamesVersionsByNumberAndId) {
  const std::unique_ptr<KmsClient> client = Open();
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File().Load());
  ASSERT_OK_AND_ASSIGN(const KeyDescription description, client->Describe(Call()));
  const std::string id(keyring.Find(1)->id.begin(), keyring.Find(1)->id.end());
  EXPECT_EQ(description.current, (RemoteVersion{"1", id, 1}));
  const WrapResult wrapped = Wrap(*client);
  EXPECT_EQ(wrapped.backend_field, id);
  EXPECT_EQ(wrapped.blob.size(), 60u);
  EXPECT_EQ(client->fingerprint(), keyring.fingerprint());
}

TEST_F(LocalKmsClientTest, AVersionAddedWhileRunningUnwrapsAtOnce) {
  const std::unique_ptr<KmsClient> old = Open();
  AddVersion();
  Activate(2);
  const WrapResult newer = Wrap(*Open());
  EXPECT_EQ(newer.version.number, 2u);
  EXPECT_THAT(Unwrap(*old, newer), IsOk());
  EXPECT_THAT(observer_.problems, IsEmpty());
}

TEST_F(LocalKmsClientTest, AnUnknownVersionReadsTheFileAgainOnceASecond) {
  BrokenFiles files;
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<KmsClient> client,
                       MakeLocalKmsClient({Path(), SealSource()}, clock_, random_, files, &observer_));
  WrapResult wrapped = Wrap(*client);
  wrapped.backend_field = "12345678";
  const int before = files.reads;
  for (int i = 0; i < 5; ++i) {
    const absl::Status status = Unwrap(*client, wrapped);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kBadBlob);
  }
  EXPECT_EQ(files.reads, before + 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Unwrap(*client, wrapped), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(files.reads, before + 2);
}

TEST_F(LocalKmsClientTest, DisableAndEnableTakeEffectWithoutARestart) {
  const std::unique_ptr<KmsClient> client = Open();
  const WrapResult wrapped = Wrap(*client);
  ChangeFile("keyring", [this](Keyring& k) { return k.Disable(1, clock_.Wall()); });
  EXPECT_THAT(client->Describe(Call()), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Unwrap(*client, wrapped), StatusIs(absl::StatusCode::kFailedPrecondition));
  ChangeFile("keyring", [this](Keyring& k) { return k.Enable(1, clock_.Wall()); });
  EXPECT_THAT(client->Describe(Call()), IsOk());
  EXPECT_THAT(Unwrap(*client, wrapped), IsOk());
}

TEST_F(LocalKmsClientTest, AnOlderVersionThatIsDisabledDoesNotStopTheActiveOne) {
  const std::unique_ptr<KmsClient> client = Open();
  const WrapResult old = Wrap(*client);
  AddVersion();
  Activate(2);
  ChangeFile("keyring", [this](Keyring& k) { return k.Disable(1, clock_.Wall()); });
  EXPECT_EQ(GetFailureClass(Unwrap(*client, old)), FailureClass::kRevoked);
  EXPECT_EQ(Announced(*client), 2u);
}

TEST_F(LocalKmsClientTest, ADamagedReplacementIsReportedAndTheOldKeyringServes) {
  const std::unique_ptr<KmsClient> client = Open();
  const WrapResult wrapped = Wrap(*client);
  Write("keyring", "not a keyring at all");
  EXPECT_THAT(Unwrap(*client, wrapped), IsOk());
  EXPECT_EQ(Announced(*client), 1u);
  EXPECT_THAT(observer_.problems, ElementsAre(HasSubstr("not a keyring")));
}

TEST_F(LocalKmsClientTest, AFileOpenedToOthersIsReportedAndTheOldKeyringServes) {
  const std::unique_ptr<KmsClient> client = Open();
  ASSERT_EQ(::chmod(Path().c_str(), 0644), 0);
  EXPECT_EQ(Announced(*client), 1u);
  EXPECT_THAT(observer_.problems, ElementsAre(HasSubstr("chmod 600")));
}

TEST_F(LocalKmsClientTest, AVanishedFileIsReportedAndTheOldKeyringServes) {
  const std::unique_ptr<KmsClient> client = Open();
  ASSERT_EQ(::rename(Path().c_str(), Path("moved").c_str()), 0);
  EXPECT_EQ(Announced(*client), 1u);
  EXPECT_THAT(observer_.problems, ElementsAre(HasSubstr(Path())));
  ASSERT_EQ(::rename(Path("moved").c_str(), Path().c_str()), 0);
  EXPECT_EQ(Announced(*client), 1u);
  EXPECT_THAT(observer_.problems, SizeIs(1));
  EXPECT_THAT(observer_.reloaded, ElementsAre(1u));
}

TEST_F(LocalKmsClientTest, AFailedReadIsTriedAgainAndReportedOnce) {
  BrokenFiles files;
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<KmsClient> client,
                       MakeLocalKmsClient({Path(), SealSource()}, clock_, random_, files, &observer_));
  AddVersion();
  Activate(2);
  files.fail_reads = true;
  EXPECT_EQ(Announced(*client), 1u);
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(Announced(*client), 1u);
  EXPECT_THAT(observer_.problems, ElementsAre(HasSubstr("input/output")));
  files.fail_reads = false;
  EXPECT_EQ(Announced(*client), 1u) << "not on every call";
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_THAT(observer_.reloaded, ElementsAre(3u));
}

TEST_F(LocalKmsClientTest, AnotherKeyringIsNotTakenUp) {
  const std::unique_ptr<KmsClient> client = Open();
  const WrapResult wrapped = Wrap(*client);
  CreateKeyring("other");
  ASSERT_EQ(::rename(Path("other").c_str(), Path().c_str()), 0);
  EXPECT_THAT(Unwrap(*client, wrapped), IsOk());
  EXPECT_THAT(observer_.problems, ElementsAre(HasSubstr("another keyring")));
}

TEST_F(LocalKmsClientTest, AnOlderCopyIsNotTakenUp) {
  const std::string older = ReadWhole(Path());
  AddVersion();
  Activate(2);
  const std::unique_ptr<KmsClient> client = Open();
  const WrapResult wrapped = Wrap(*client);
  Write("keyring", older);
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_THAT(Unwrap(*client, wrapped), IsOk());
  EXPECT_THAT(observer_.problems, ElementsAre(HasSubstr("older")));
}

TEST_F(LocalKmsClientTest, AScheduledVersionIsAnnouncedWhenItsTimePasses) {
  AddVersion();
  Activate(2, clock_.Wall() + absl::Minutes(5));
  const std::unique_ptr<KmsClient> client = Open();
  EXPECT_EQ(Announced(*client), 1u);
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_EQ(Wrap(*client).version.number, 2u);
  EXPECT_THAT(observer_.activated, ElementsAre(2u));
}

TEST_F(LocalKmsClientTest, APassedActivationIsWrittenDown) {
  AddVersion();
  Activate(2, clock_.Wall() + absl::Minutes(5));
  const std::unique_ptr<KmsClient> client = Open();
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Announced(*client), 2u);
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File().Load());
  EXPECT_TRUE(keyring.Find(2)->activated);
}

TEST_F(LocalKmsClientTest, AClockSetBackDoesNotUndoAnActivationWhileRunningOrAfterARestart) {
  AddVersion();
  Activate(2, clock_.Wall() + absl::Minutes(5));
  const std::unique_ptr<KmsClient> client = Open();
  clock_.Advance(absl::Minutes(5));
  ASSERT_EQ(Announced(*client), 2u);
  clock_.JumpWall(-absl::Hours(24));
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_EQ(Announced(*Open()), 2u);
}

TEST_F(LocalKmsClientTest, AnActivationThatCannotBeWrittenDownHoldsInTheProcessAndIsReported) {
  AddVersion();
  Activate(2, clock_.Wall() + absl::Minutes(5));
  BrokenFiles files;
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<KmsClient> client,
                       MakeLocalKmsClient({Path(), SealSource()}, clock_, random_, files, &observer_));
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_THAT(observer_.problems, ElementsAre(HasSubstr("read-only")));
  clock_.JumpWall(-absl::Hours(24));
  EXPECT_EQ(Announced(*client), 2u);
  // Tried again, but not on every call.
  EXPECT_EQ(files.refused, 1);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_EQ(files.refused, 2);
}

TEST_F(LocalKmsClientTest, ANodeThatWasDownOverTheActivationTakesItUp) {
  AddVersion();
  Activate(2, clock_.Wall() + absl::Minutes(5));
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Announced(*Open()), 2u);
}

TEST_F(LocalKmsClientTest, ADestroyedVersionIsNotFoundAndRevoked) {
  const std::unique_ptr<KmsClient> client = Open();
  const WrapResult wrapped = Wrap(*client);
  AddVersion();
  Activate(2);
  ChangeFile("keyring", [this](Keyring& k) { return k.Destroy(1, clock_.Wall()); });
  const absl::Status status = Unwrap(*client, wrapped);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kRevoked);
}

TEST_F(LocalKmsClientTest, DoesNotRotateUnlessAllowedAndNamesTheWayForSeveralNodes) {
  EXPECT_THAT(Open()->Rotate(Call()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("keyring activate --at")));
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File().Load());
  EXPECT_THAT(keyring.versions(), SizeIs(1));
}

class LocalRotateTest : public LocalKmsClientTest {
 protected:
  std::unique_ptr<KmsClient> OpenRotating(DurableFiles& files) {
    absl::StatusOr<std::unique_ptr<KmsClient>> client =
        MakeLocalKmsClient({Path(), SealSource(), /*allow_rotate=*/true}, clock_, random_, files, &observer_);
    EXPECT_THAT(client, IsOk());
    return client.ok() ? *std::move(client) : nullptr;
  }
  std::unique_ptr<KmsClient> OpenRotating() { return OpenRotating(files_); }
  size_t VersionsInTheFile() {
    const absl::StatusOr<Keyring> keyring = File().Load();
    return keyring.ok() ? keyring->versions().size() : 0;
  }
};

TEST_F(LocalRotateTest, WritesAnActiveVersionThatOutlivesTheProcess) {
  std::unique_ptr<KmsClient> client = OpenRotating();
  const WrapResult old = Wrap(*client);
  ASSERT_THAT(client->Rotate(Call()), IsOk());
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_THAT(observer_.reloaded, ElementsAre(2u));
  EXPECT_THAT(observer_.problems, IsEmpty());
  client.reset();
  client = Open();
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_THAT(Unwrap(*client, old), IsOk());
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File().Load());
  EXPECT_TRUE(keyring.Find(2)->activated);
}

TEST_F(LocalRotateTest, RotatesWhatAnotherProcessHasWrittenMeanwhile) {
  const std::unique_ptr<KmsClient> client = OpenRotating();
  AddVersion();
  ASSERT_THAT(client->Rotate(Call()), IsOk());
  EXPECT_EQ(Announced(*client), 3u);
}

TEST_F(LocalRotateTest, AClockSetBackAfterwardsDoesNotUndoIt) {
  const std::unique_ptr<KmsClient> client = OpenRotating();
  ASSERT_THAT(client->Rotate(Call()), IsOk());
  clock_.JumpWall(-absl::Hours(24));
  EXPECT_EQ(Announced(*client), 2u);
  EXPECT_EQ(Announced(*Open()), 2u);
}

TEST_F(LocalRotateTest, RefusesWhileAnotherVersionWaitsForItsTime) {
  AddVersion();
  Activate(2, clock_.Wall() + absl::Hours(1));
  const std::unique_ptr<KmsClient> client = OpenRotating();
  EXPECT_THAT(client->Rotate(Call()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("version 2")));
  EXPECT_EQ(VersionsInTheFile(), 2u);
  ChangeFile("keyring", [this](Keyring& k) { return k.Disable(2, clock_.Wall()); });
  EXPECT_THAT(client->Rotate(Call()), IsOk());
  EXPECT_EQ(Announced(*client), 3u);
}

TEST_F(LocalRotateTest, DoesNotTouchAFileThatWouldNotBeTakenUp) {
  const std::string older = ReadWhole(Path());
  AddVersion();
  Activate(2);
  const std::unique_ptr<KmsClient> client = OpenRotating();
  ASSERT_EQ(Announced(*client), 2u);
  Write("keyring", older);
  EXPECT_THAT(client->Rotate(Call()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("older")));
  EXPECT_EQ(ReadWhole(Path()), older);
}

TEST_F(LocalRotateTest, AFileThatCannotBeWrittenLeavesEverythingAsItWas) {
  BrokenFiles files;
  const std::unique_ptr<KmsClient> client = OpenRotating(files);
  EXPECT_THAT(client->Rotate(Call()), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(Announced(*client), 1u);
  EXPECT_EQ(VersionsInTheFile(), 1u);
}

TEST_F(LocalRotateTest, DoesNotWaitForAnotherWriter) {
  const std::unique_ptr<KmsClient> client = OpenRotating();
  ChangeFile("keyring", [&](Keyring&) {
    EXPECT_THAT(client->Rotate(Call()), StatusIs(absl::StatusCode::kUnavailable));
    return absl::OkStatus();
  });
  EXPECT_THAT(client->Rotate(Call()), IsOk());
}

}  // namespace
}  // namespace signet::kms
