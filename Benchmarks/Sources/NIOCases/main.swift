import NIOCore
import Timing

time { System.coreCount }
