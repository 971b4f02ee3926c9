#include "cli/command/secret_creation.h"

#include <unistd.h>

#include <ostream>

#include "cli/command/secret_file.h"
#include "cli/render/text.h"

namespace weir::cli {

Exit create_secret(AdminSession& session, const SecretCreation& creation) {
  const bool into_file = !creation.out.empty();
  Result<Fd> file{Fd()};
  if (into_file) file = create_secret_file(creation.out);
  if (!file) {
    return session.fail_with(creation.failed, file.error(),
                             "remove the file, or name another with --out");
  }
  const Status created = creation.create();
  if (!created) {
    if (into_file) ::unlink(creation.out.c_str());
    return session.fail_with(creation.failed, created.error());
  }
  if (into_file) {
    const Status written = write_secret(*file, creation.secret());
    if (!written) {
      return session.fail_with("cannot write the token to " + creation.out, written.error(),
                               creation.revoke());
    }
    creation.secret().clear();  // it is in the file, and nowhere else
  }
  const Terminal& terminal = session.terminal();
  if (session.json()) {
    terminal.out << creation.document();
    return Exit::ok;
  }
  if (!into_file) terminal.out << printable(creation.secret()) << "\n";
  terminal.err << creation.told();
  return Exit::ok;
}

}  // namespace weir::cli
