// Confirmation: lets news count only when it was told several times in a row, far enough apart. One odd
// answer (a replica that lags, a proxy's error page) then changes nothing. Not thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_CONFIRMATION_H_
#define SIGNET_PLUGIN_HIERARCHY_CONFIRMATION_H_

#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "base/clock.h"

namespace signet {

template <typename News>
class Confirmation {
 public:
  // True when `news` was heard first and then `more` times, each at least `apart` after the one that counted
  // before. Other news begin anew. Hearing the same too early counts for nothing.
  bool Hear(const News& news, int more, absl::Duration apart, MonotonicTime now) {
    if (!news_.has_value() || !(*news_ == news)) {
      news_ = news;
      heard_ = 0;
      next_ = now + apart;
      return more == 0;
    }
    if (now < next_) return heard_ >= more;
    if (heard_ < more) ++heard_;
    next_ = now + apart;
    return heard_ >= more;
  }
  void Forget() { news_.reset(); }

  // What is being confirmed.
  const std::optional<News>& news() const { return news_; }
  // When hearing it again would count.
  MonotonicTime next() const { return next_; }

 private:
  std::optional<News> news_;
  int heard_ = 0;  // after the first time
  MonotonicTime next_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_CONFIRMATION_H_
