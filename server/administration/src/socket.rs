//! A Unix socket that serves the same API to tools on the same machine, which need no password: whoever may open the file
//! administers the site. `mmctl --local` speaks it.

use axum::{Extension, Router};
use chat::actor::Local;
use nix::unistd::Uid;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream, unix::SocketAddr};
use tokio_util::sync::CancellationToken;

/// Why there is no socket.
#[derive(Debug)]
pub struct NoSocket {
    path: PathBuf,
    reason: String,
}

impl std::fmt::Display for NoSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[server] local_socket: {}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for NoSocket {}

/// An open socket, whose file goes when this does.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

/// Removes the file when nothing serves it any more.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

impl Socket {
    /// Opens it for this user alone. It is made in a closed folder and moved to its place, so that there is no moment at
    /// which others could open it.
    ///
    /// # Errors
    /// When another server listens there, or the file cannot be made.
    pub async fn open(path: &Path) -> Result<Self, NoSocket> {
        let failed = |reason: String| NoSocket { path: path.to_owned(), reason };
        let said = |e: std::io::Error| failed(e.to_string());
        if path.exists() {
            if UnixStream::connect(path).await.is_ok() {
                return Err(failed("another server listens there".into()));
            }
            let kind = std::fs::symlink_metadata(path).map_err(said)?.file_type();
            if !std::os::unix::fs::FileTypeExt::is_socket(&kind) {
                return Err(failed("a file that is no socket is in the way".into()));
            }
            std::fs::remove_file(path).map_err(said)?;
        }
        let folder = path.parent().unwrap_or(Path::new(".")).join(format!(".s{}", &kit::id::new()[..8]));
        std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(said)?;
        let listener = listen(&folder.join("s"), path);
        drop(std::fs::remove_dir_all(&folder));
        Ok(Self { listener: listener.map_err(said)?, path: path.to_owned() })
    }

    /// Serves `app` as the administrator of the machine until `stop`.
    ///
    /// # Errors
    /// When accepting fails for good.
    pub async fn serve(self, app: Router, stop: CancellationToken) -> std::io::Result<()> {
        let gone = Gone(self.path);
        let served = axum::serve(Own(self.listener), app.layer(Extension(Local)));
        served.with_graceful_shutdown(stop.cancelled_owned()).await?;
        drop(gone);
        Ok(())
    }
}

fn listen(at: &Path, path: &Path) -> std::io::Result<UnixListener> {
    let listener = UnixListener::bind(at)?;
    std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(at, path)?;
    Ok(listener)
}

/// Takes connections of this user and of root only, whatever became of the file's mode.
struct Own(UnixListener);

impl axum::serve::Listener for Own {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (UnixStream, SocketAddr) {
        loop {
            let (stream, address) = axum::serve::Listener::accept(&mut self.0).await;
            match stream.peer_cred() {
                Ok(peer) if peer.uid() == 0 || peer.uid() == Uid::effective().as_raw() => return (stream, address),
                Ok(peer) => tracing::warn!(uid = peer.uid(), "the local socket refused another user"),
                Err(error) => tracing::warn!(%error, "the local socket refused a connection"),
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_is_private_and_stands_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.sock");
        let socket = Socket::open(&path).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the folder it was made in is left");
        let second = Socket::open(&path).await.unwrap_err().to_string();
        assert!(second.contains("another server listens there"), "{second}");
        drop(socket);
        assert!(path.exists(), "as after a crash");
        drop(Socket::open(&path).await.unwrap());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "precious").unwrap();
        assert!(Socket::open(&path).await.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }
}
