//! How ZooKeeper's vocabulary reads in traces.

use std::fmt;

use super::{Change, Mode, Ordered, Path, Reply, Request, Sequential, Session};

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session{}{}", self.client, self.number)
    }
}

impl fmt::Display for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-lock-{}", self.guid, self.session, self.suffix)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match self.child {
            None => Ok(()),
            Some(child) => write!(f, "/{child}"),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ephemeral { "EPHEMERAL" } else { "PERSISTENT" })?;
        f.write_str(if self.sequential.is_some() { "_SEQUENTIAL" } else { "" })
    }
}

impl fmt::Display for Ordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ordered::Create => "create",
            Ordered::Delete => "delete",
            Ordered::SetData => "setData",
            Ordered::Sync => "sync",
        })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watched = |watch: &bool| if *watch { ", watch" } else { "" };
        match self {
            Request::Connect(None) => f.write_str("connect, new session"),
            Request::Connect(Some(session)) => write!(f, "connect, {session}"),
            Request::Reconnect(session, unheard) => {
                write!(f, "connect, {session}, without an answer to {unheard}")
            }
            Request::Ping => f.write_str("ping"),
            Request::Sync => f.write_str("sync"),
            Request::Close => f.write_str("closeSession"),
            Request::Create { path, data: _, mode } => match mode.sequential {
                None => write!(f, "create {path} {mode}"),
                Some(guid) => write!(f, "create {path}/{guid}-lock- {mode}"),
            },
            Request::Delete(path, None) => write!(f, "delete {path}"),
            Request::Delete(path, Some(version)) => write!(f, "delete {path} version {version}"),
            Request::SetData { path, data, version: None } => write!(f, "setData {path} {data}"),
            Request::SetData { path, data, version: Some(version) } => {
                write!(f, "setData {path} {data} version {version}")
            }
            Request::Exists { path, watch } => write!(f, "exists {path}{}", watched(watch)),
            Request::GetData { path, watch } => write!(f, "getData {path}{}", watched(watch)),
            Request::GetChildren { path, guid, watch } => {
                write!(f, "getChildren {path}{}; finds {guid}", watched(watch))
            }
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Change::Created => "NodeCreated",
            Change::Deleted => "NodeDeleted",
            Change::DataChanged => "NodeDataChanged",
            Change::ChildrenChanged => "NodeChildrenChanged",
        })
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Connected(session) => write!(f, "connected, {session}"),
            Reply::Renewed(session) => write!(f, "session expired; connected, {session}"),
            Reply::Expired => f.write_str("session expired"),
            Reply::Closed => f.write_str("closes the connection"),
            Reply::Pong => f.write_str("pong"),
            Reply::Synced => f.write_str("synced"),
            Reply::SessionClosed => f.write_str("session closed"),
            Reply::Created(path) => write!(f, "created {path}"),
            Reply::Deleted => f.write_str("deleted"),
            Reply::Stat { version } => write!(f, "stat, version {version}"),
            Reply::Data { data, version } => write!(f, "{data}, version {version}"),
            Reply::Children { own: None, .. } => f.write_str("children: own node not there"),
            Reply::Children { own: Some(own), before: None, rank } => {
                write!(f, "children: own {own} is first, rank {rank}")
            }
            Reply::Children { own: Some(own), before: Some(before), .. } => {
                write!(f, "children: own {own} after {before}")
            }
            Reply::NodeExists => f.write_str("NodeExists"),
            Reply::NoNode => f.write_str("NoNode"),
            Reply::BadVersion => f.write_str("BadVersion"),
            Reply::NotEmpty => f.write_str("NotEmpty"),
            Reply::NoChildrenForEphemerals => f.write_str("NoChildrenForEphemerals"),
            Reply::Watched(path, change) => write!(f, "watch: {change} {path}"),
        }
    }
}
