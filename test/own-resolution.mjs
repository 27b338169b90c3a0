// For `node --import`: programs under test get the sources when they import "muster", as users get the package.
import { installOwnResolution } from "../protocol/own-module.ts";

installOwnResolution();
