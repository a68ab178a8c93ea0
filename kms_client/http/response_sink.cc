#include "kms_client/http/response_sink.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"

namespace signet::kms {
namespace {

constexpr size_t kMaxHeaderBytes = size_t{32} << 10;
constexpr size_t kFirstHeaderBytes = 1024;
constexpr size_t kFirstBodyBytes = 1024;

}  // namespace

void ResponseSink::Attach(CURL* easy) {
  ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &ResponseSink::OnBody);
  ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  ::curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &ResponseSink::OnHeader);
  ::curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
}

HttpResponse ResponseSink::Take(CURL* easy) {
  long status = 0;
  ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

// Returning less than was offered ends the transfer.
size_t ResponseSink::OnBody(char* data, size_t size, size_t count, void* self) {
  return static_cast<ResponseSink*>(self)->AddBody({data, size * count}) ? size * count : 0;
}

size_t ResponseSink::OnHeader(char* data, size_t size, size_t count, void* self) {
  return static_cast<ResponseSink*>(self)->AddHeader({data, size * count}) ? size * count : 0;
}

bool ResponseSink::AddBody(absl::string_view bytes) {
  std::string& body = response_.body.ExposeMutable();
  if (bytes.size() > max_body_bytes_ - body.size()) {
    too_long_ = true;
    return false;
  }
  const size_t needed = body.size() + bytes.size();
  if (needed > body.capacity()) {
    // Growing by itself the string would leave what it held behind.
    std::string larger;
    larger.reserve(std::max({needed, 2 * body.capacity(), kFirstBodyBytes}));
    larger.append(body);
    body.swap(larger);
    crypto::WipeString(larger);
  }
  body.append(bytes.data(), bytes.size());
  return true;
}

bool ResponseSink::AddHeader(absl::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    too_long_ = true;
    return false;
  }
  // A proxy's answer or a 100 Continue came before: only the last one's headers count.
  if (absl::StartsWith(line, "HTTP/")) {
    response_.header_lines.clear();
    response_.header_lines.reserve(kFirstHeaderBytes);
  }
  response_.header_lines.append(line.data(), line.size());
  return true;
}

}  // namespace signet::kms
